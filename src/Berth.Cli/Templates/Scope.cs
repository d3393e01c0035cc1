namespace Berth.Cli.Templates;

/// <summary>The dot and the variables at one place of a template.</summary>
internal sealed class Scope(object? dot, Scope? parent = null)
{
    private readonly Dictionary<string, object?> _variables = new(StringComparer.Ordinal);

    /// <summary>The current value.</summary>
    public object? Dot { get; } = dot;

    /// <summary>A scope inside this one.</summary>
    public Scope Inner(object? dot) => new(dot, this);

    /// <summary>Makes a variable here.</summary>
    public void Declare(string name, object? value) => _variables[name] = value;

    /// <summary>Changes a variable where it was made.</summary>
    public void Assign(string name, object? value)
    {
        for (var scope = this; scope is not null; scope = scope.Outer)
        {
            if (scope._variables.ContainsKey(name))
            {
                scope._variables[name] = value;
                return;
            }
        }
        throw Unknown(name);
    }

    /// <summary>Reads a variable.</summary>
    public object? Variable(string name)
    {
        var outermost = this;
        for (var scope = this; scope is not null; scope = scope.Outer)
        {
            if (scope._variables.TryGetValue(name, out var value))
            {
                return value;
            }
            outermost = scope;
        }
        return name.Length == 0 ? outermost.Dot : throw Unknown(name);
    }

    private Scope? Outer => parent;

    private static TemplateException Unknown(string name) => new($"there is no variable ${name}");
}
