namespace Berth.Build.Dockerfiles;

/// <summary>COPY and ADD. [DOCKERFILE] "COPY", "ADD".</summary>
internal sealed class CopyParser(string file, char escape)
{
    public CopyInstruction Parse(LogicalLine line, string arguments, bool isAdd)
    {
        string keyword = isAdd ? "ADD" : "COPY";
        string rest = arguments;
        var copy = new CopyInstruction { Line = line.Number, Text = line.Text, IsAdd = isAdd, Sources = [], Destination = "" };
        var excludes = new List<string>();
        foreach ((string name, string? value) in Words.TakeFlags(ref rest, escape))
        {
            copy = (name, value) switch
            {
                ("chown", { Length: > 0 }) => copy with { Owner = value },
                ("chmod", { Length: > 0 }) => copy with { Mode = value },
                ("from", { Length: > 0 }) when !isAdd => copy with { From = value },
                ("link", null or "true" or "false") => copy, // every copy is a layer of its own here
                ("parents", null or "true" or "false") when !isAdd => copy with { KeepsParents = value != "false" },
                ("checksum", { Length: > 0 }) when isAdd => copy with { Checksum = value },
                ("unpack", null or "true" or "false") when isAdd => copy with { Unpacks = value != "false" },
                ("exclude", { Length: > 0 }) => Excluding(copy, excludes, value),
                _ => throw Wrong(line, Unknown(keyword, name, value)),
            };
        }
        List<string> words = [.. Words.JsonArray(rest) ?? Words.Split(rest, escape)];
        List<Heredoc> documents = [.. line.Documents];
        words.RemoveAll(word => word.StartsWith("<<", StringComparison.Ordinal) && documents.Count > 0);
        if (words.Count + documents.Count < 2 || words.Count == 0)
            throw Wrong(line, $"{keyword} requires at least two arguments: SOURCE… DESTINATION");
        if (words.Count - 1 + documents.Count > 1 && !words[^1].EndsWith('/') && words[^1] is not ("." or "./"))
            throw Wrong(line, $"When using {keyword} with more than one source file, the destination must be a directory and end with a /");
        if (documents.Count > 0 && copy.From is not null)
            throw Wrong(line, "COPY --from does not take documents");
        return copy with { Sources = words[..^1], Destination = words[^1], Documents = documents, Excludes = excludes };
    }

    private DockerfileException Wrong(LogicalLine line, string why) => new(file, line.Number, why);

    private static CopyInstruction Excluding(CopyInstruction copy, List<string> excludes, string pattern)
    {
        excludes.Add(pattern);
        return copy;
    }

    private static string Unknown(string keyword, string name, string? value) => name switch
    {
        "keep-git-dir" => "--keep-git-dir is not supported: of a repository its files are added, without git's own",
        "chown" or "chmod" or "checksum" or "exclude" or "from" or "link" or "parents" or "unpack" => value is null
            ? $"--{name} of {keyword} needs a value"
            : $"--{name}={Shown.Text(value)} is not possible with {keyword}",
        _ => $"unknown flag of {keyword}: --{Shown.Text(name)}",
    };
}
