using System.Text;

namespace Berth.Cli.Templates;

/// <summary>A piece of a template.</summary>
internal abstract record Node
{
    /// <summary>Appends the piece's text.</summary>
    public abstract void Render(Scope scope, StringBuilder output);
}

/// <summary>Text as it stands.</summary>
internal sealed record TextNode(string Text) : Node
{
    public override void Render(Scope scope, StringBuilder output) => output.Append(Text);
}

/// <summary>A value to print.</summary>
internal sealed record PrintNode(Expression Value) : Node
{
    public override void Render(Scope scope, StringBuilder output) => output.Append(TemplateData.Print(Value.Evaluate(scope)));
}

/// <summary><c>$x := …</c> or <c>$x = …</c>.</summary>
internal sealed record AssignNode(string Name, bool Declares, Expression Value) : Node
{
    public override void Render(Scope scope, StringBuilder output)
    {
        var value = Value.Evaluate(scope);
        if (Declares)
        {
            scope.Declare(Name, value);
        }
        else
        {
            scope.Assign(Name, value);
        }
    }
}

/// <summary><c>if</c> and <c>with</c> (which moves the dot).</summary>
internal sealed record IfNode(Expression Condition, bool MovesDot, string? Variable, IReadOnlyList<Node> Then, IReadOnlyList<Node> Else) : Node
{
    public override void Render(Scope scope, StringBuilder output)
    {
        var value = Condition.Evaluate(scope);
        var holds = TemplateData.IsTrue(value);
        var inner = scope.Inner(holds && MovesDot ? value : scope.Dot);
        if (Variable is not null)
        {
            inner.Declare(Variable, value);
        }
        foreach (var node in holds ? Then : Else)
        {
            node.Render(inner, output);
        }
    }
}

/// <summary><c>range</c> over a list or, in the order of its names, a map.</summary>
internal sealed record RangeNode(Expression Source, string? Key, string? Value, IReadOnlyList<Node> Body, IReadOnlyList<Node> Else) : Node
{
    public override void Render(Scope scope, StringBuilder output)
    {
        var source = Source.Evaluate(scope);
        IEnumerable<(object? Key, object? Value)> items = source switch
        {
            null => [],
            IReadOnlyList<object?> list => list.Select((item, i) => ((object?)(long)i, item)),
            IReadOnlyDictionary<string, object?> map => map.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => ((object?)pair.Key, pair.Value)),
            _ => throw new TemplateException($"range needs a list or a map, not {TemplateData.Print(source)}"),
        };
        var any = false;
        foreach (var (key, value) in items)
        {
            any = true;
            var inner = scope.Inner(value);
            if (Key is not null)
            {
                inner.Declare(Key, key);
            }
            if (Value is not null)
            {
                inner.Declare(Value, value);
            }
            foreach (var node in Body)
            {
                node.Render(inner, output);
            }
        }
        foreach (var node in any ? [] : Else)
        {
            node.Render(scope.Inner(scope.Dot), output);
        }
    }
}
