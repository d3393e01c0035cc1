namespace Berth.Build.Dockerfiles;

/// <summary>One instruction's text: continued lines joined, comments taken out, with the documents that follow it.</summary>
/// <param name="Number">Its first line, from 1.</param>
/// <param name="Text">Keyword and arguments.</param>
/// <param name="Documents">Its documents, in order.</param>
internal sealed record LogicalLine(int Number, string Text, IReadOnlyList<Heredoc> Documents)
{
    /// <summary>The text with its documents after it, as a shell takes them.</summary>
    public string WithDocuments(string text) =>
        Documents.Count == 0 ? text : text + "\n" + string.Concat(Documents.Select(static d => $"{d.Content}{d.Name}\n"));
}
