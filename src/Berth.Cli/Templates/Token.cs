namespace Berth.Cli.Templates;

/// <summary>A word of an action.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Text">Its text; of a string the unescaped content.</param>
/// <param name="Glued">No blank before it: <c>.A.B</c> is one value, <c>.A .B</c> are two.</param>
internal readonly record struct Token(TokenKind Kind, string Text, bool Glued = false);

/// <summary>What a token is.</summary>
internal enum TokenKind
{
    /// <summary>A name: keyword or function.</summary>
    Word,

    /// <summary>A field: <c>.Name</c>; the text is the name, empty for the dot alone.</summary>
    Field,

    /// <summary>A variable: <c>$x</c>; the text is the name, empty for the root.</summary>
    Variable,
    Text,
    Number,
    Open,
    Close,
    Pipe,
    Comma,

    /// <summary><c>:=</c> or <c>=</c>.</summary>
    Assign,
}
