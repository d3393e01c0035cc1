using System.Text.RegularExpressions;

namespace Berth.Build.Dockerfiles;

/// <summary>One instruction's text → what it asks for.</summary>
internal sealed partial class InstructionParser(string file, char escape, List<string> warnings)
{
    private static readonly string[] Keywords =
        ["ADD", "ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "HEALTHCHECK", "LABEL", "MAINTAINER", "ONBUILD", "RUN", "SHELL", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR"];

    /// <summary>The first word in capitals.</summary>
    public static string Keyword(string text) => text.Split([' ', '\t'], 2)[0].ToUpperInvariant();

    /// <summary>What follows the first word.</summary>
    public static string Arguments(string text)
    {
        int blank = text.AsSpan().IndexOfAny(' ', '\t');
        return blank < 0 ? "" : text[blank..].Trim();
    }

    public Instruction Parse(LogicalLine line)
    {
        string keyword = Keyword(line.Text), arguments = Arguments(line.Text);
        if (arguments.Length == 0 && Keywords.Contains(keyword))
            throw Wrong(line, $"{keyword} requires at least one argument");
        return keyword switch
        {
            "ARG" => Arg(line, arguments),
            "ENV" or "LABEL" => Pairs(line, keyword, arguments),
            "RUN" => Run(line, arguments),
            "COPY" or "ADD" => new CopyParser(file, escape).Parse(line, arguments, keyword == "ADD"),
            "CMD" => Command(line, CommandKind.Command, arguments),
            "ENTRYPOINT" => Command(line, CommandKind.Entrypoint, arguments),
            "SHELL" => Command(line, CommandKind.Shell, arguments),
            "EXPOSE" => Of(line, WordsKind.Expose, Words.Split(arguments, escape)),
            "VOLUME" => Volume(line, arguments),
            "USER" => Of(line, WordsKind.User, [arguments]),
            "WORKDIR" => Of(line, WordsKind.WorkDirectory, [arguments]),
            "STOPSIGNAL" => Of(line, WordsKind.StopSignal, [arguments]),
            "MAINTAINER" => Maintainer(line, arguments),
            "HEALTHCHECK" => new HealthInstruction { Line = line.Number, Text = line.Text, Arguments = arguments },
            "ONBUILD" => Trigger(line, arguments),
            _ => throw Wrong(line, $"unknown instruction {Shown.Text(keyword)}{Suggestion(keyword)}"),
        };
    }

    private DockerfileException Wrong(LogicalLine line, string why) => new(file, line.Number, why);

    private ArgInstruction Arg(LogicalLine line, string arguments) => new()
    {
        Line = line.Number,
        Text = line.Text,
        Arguments = [.. Words.Split(arguments, escape).Select(word =>
        {
            int equals = word.IndexOf('=', StringComparison.Ordinal);
            string name = equals < 0 ? word : word[..equals];
            return VariableName().IsMatch(name)
                ? (name, equals < 0 ? null : word[(equals + 1)..])
                : throw Wrong(line, $"\"{Shown.Text(name)}\" is not the name of a variable: ARG takes NAME or NAME=VALUE");
        })],
    };

    private PairsInstruction Pairs(LogicalLine line, string keyword, string arguments)
    {
        List<string> words = Words.Split(arguments, escape);
        var pairs = new List<(string, string)>();
        if (!words[0].Contains('=', StringComparison.Ordinal))
        {
            // The old form: one name, and everything after it is the value.
            string value = arguments[words[0].Length..].Trim();
            if (value.Length == 0)
                throw Wrong(line, $"{keyword} must have two arguments: {keyword} {Shown.Text(words[0])}=VALUE");
            warnings.Add($"{file}:{line.Number}: \"{keyword} key value\" is the old form: write {keyword} {Shown.Text(words[0])}=VALUE");
            pairs.Add((words[0], value));
        }
        else
        {
            foreach (string word in words)
            {
                int equals = word.IndexOf('=', StringComparison.Ordinal);
                pairs.Add(equals > 0 ? (word[..equals], word[(equals + 1)..])
                    : throw Wrong(line, equals == 0 ? $"{keyword} names can not be blank" : $"can't find = in \"{Shown.Text(word)}\": {keyword} takes NAME=VALUE, values with blanks in quotes"));
            }
        }
        return new PairsInstruction { Line = line.Number, Text = line.Text, IsLabel = keyword == "LABEL", Pairs = pairs };
    }

    private RunInstruction Run(LogicalLine line, string arguments)
    {
        string command = arguments;
        var mounts = new List<RunMount>();
        string network = "default";
        foreach ((string name, string? value) in Words.TakeFlags(ref command, escape))
        {
            switch (name)
            {
                case "mount" when value is not null:
                    mounts.Add(MountParser.Parse(value, why => Wrong(line, why)));
                    break;
                case "network":
                    network = value is "default" or "none" or "host" ? value : throw Wrong(line, $"--network={Shown.Text(value ?? "")}: it is one of default, none, host");
                    break;
                case "security":
                    _ = value == "sandbox" ? value : throw Wrong(line, "--security=insecure is not available: a build step never gets more rights than a container");
                    break;
                default:
                    throw Wrong(line, $"unknown flag of RUN: --{Shown.Text(name)}: known are --mount, --network, --security");
            }
        }
        if (command.Length == 0)
            throw Wrong(line, "RUN requires a command after its flags");
        var instruction = new RunInstruction { Line = line.Number, Text = line.Text, Command = new CommandText(false, [line.WithDocuments(command)]), Mounts = mounts, Network = network };
        if (line.Documents.Count == 1 && Words.Split(command, escape).Count == 1)
        {
            Heredoc document = line.Documents[0];
            return document.Content.StartsWith("#!", StringComparison.Ordinal)
                ? instruction with { Program = document }
                : instruction with { Command = new CommandText(false, [document.Content]) };
        }
        return line.Documents.Count == 0 && Words.JsonArray(command) is { } words
            ? instruction with { Command = new CommandText(true, words.Count > 0 ? words : throw Wrong(line, "RUN requires a command")) }
            : instruction;
    }

    private CommandInstruction Command(LogicalLine line, CommandKind kind, string arguments)
    {
        IReadOnlyList<string>? words = Words.JsonArray(arguments);
        if (kind == CommandKind.Shell && words is not { Count: > 0 })
            throw Wrong(line, "SHELL takes a JSON array of strings, such as [\"/bin/bash\", \"-c\"]");
        return new CommandInstruction
        {
            Line = line.Number,
            Text = line.Text,
            Kind = kind,
            Command = words is null ? new CommandText(false, [arguments]) : new CommandText(true, words),
        };
    }

    private WordsInstruction Volume(LogicalLine line, string arguments)
    {
        IReadOnlyList<string> paths = Words.JsonArray(arguments) ?? Words.Split(arguments, escape);
        return paths.Count > 0 && paths.All(static path => path.Trim().Length > 0)
            ? Of(line, WordsKind.Volume, paths)
            : throw Wrong(line, "VOLUME specified can not be an empty string");
    }

    private WordsInstruction Maintainer(LogicalLine line, string arguments)
    {
        warnings.Add($"{file}:{line.Number}: MAINTAINER is deprecated: use LABEL maintainer=…");
        return Of(line, WordsKind.Maintainer, [arguments]);
    }

    private TriggerInstruction Trigger(LogicalLine line, string arguments)
    {
        string keyword = Keyword(arguments);
        if (keyword is "ONBUILD" or "FROM" or "MAINTAINER")
            throw Wrong(line, keyword == "ONBUILD" ? "chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed" : $"{keyword} isn't allowed as an ONBUILD trigger");
        Parse(new LogicalLine(line.Number, arguments, line.Documents)); // what is wrong is told by this build, not by those to come
        return new TriggerInstruction { Line = line.Number, Text = line.Text, Trigger = line.WithDocuments(arguments) };
    }

    private static WordsInstruction Of(LogicalLine line, WordsKind kind, IReadOnlyList<string> words) =>
        new() { Line = line.Number, Text = line.Text, Kind = kind, Words = words };

    private static string Suggestion(string keyword) =>
        Keywords.Select(known => (Word: known, Distance: EditDistance.Between(keyword, known))).MinBy(static near => near.Distance) is { Distance: <= 2 } best && keyword.Length > 2
            ? $" (did you mean {best.Word}?)"
            : "";

    [GeneratedRegex("^[a-zA-Z_][a-zA-Z0-9_]*$")]
    private static partial Regex VariableName();
}
