using System.Globalization;

namespace Berth.Cli.Templates;

/// <summary>Something with a value.</summary>
internal abstract record Expression
{
    /// <summary>Works the value out.</summary>
    public abstract object? Evaluate(Scope scope);
}

/// <summary>A text or number written in the template.</summary>
internal sealed record Literal(object? Value) : Expression
{
    public override object? Evaluate(Scope scope) => Value;
}

/// <summary>The dot.</summary>
internal sealed record Dot : Expression
{
    public override object? Evaluate(Scope scope) => scope.Dot;
}

/// <summary>A variable; without a name the data the template was given.</summary>
internal sealed record VariableReference(string Name) : Expression
{
    public override object? Evaluate(Scope scope) => scope.Variable(Name);
}

/// <summary>A field of another value: <c>.State.Status</c>.</summary>
internal sealed record FieldAccess(Expression Target, string Name) : Expression
{
    public override object? Evaluate(Scope scope) => Target.Evaluate(scope) switch
    {
        null => null,
        IReadOnlyDictionary<string, object?> map => map.TryGetValue(Name, out var value) ? value
            : throw new TemplateException($"there is no field .{Name}; there are: {string.Join(", ", map.Keys.Order(StringComparer.Ordinal).Select(key => "." + key))}"),
        var other => throw new TemplateException($"cannot take field .{Name} of {TemplateData.Print(other)}"),
    };
}

/// <summary>A function with arguments.</summary>
internal sealed record Call(string Function, IReadOnlyList<Expression> Arguments) : Expression
{
    public override object? Evaluate(Scope scope)
    {
        // These two stop early.
        if (Function is "and" or "or")
        {
            object? value = null;
            foreach (var argument in Arguments)
            {
                value = argument.Evaluate(scope);
                if (TemplateData.IsTrue(value) == (Function == "or"))
                {
                    break;
                }
            }
            return value;
        }
        return Functions.Call(Function, [.. Arguments.Select(argument => argument.Evaluate(scope))]);
    }
}

/// <summary>Numbers as written.</summary>
internal static class NumberText
{
    /// <summary>A whole or broken number.</summary>
    public static object Parse(string text) =>
        long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole) ? (object)whole
        : double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var broken) ? broken
        : throw new TemplateException($"invalid number {text}");
}
