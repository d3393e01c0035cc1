using System.Text.RegularExpressions;

namespace Berth.Build.Dockerfiles;

/// <summary>Dockerfile text → instructions. Everything that the text alone can show to be wrong is refused here. [DOCKERFILE]</summary>
public sealed partial class DockerfileParser
{
    private readonly string _file;
    private readonly LineReader _reader;
    private readonly InstructionParser _instructions;
    private readonly List<ArgInstruction> _global = [];
    private readonly List<Stage> _stages = [];
    private readonly List<string> _warnings = [];
    private List<Instruction> _current = [];
    private int _count;

    private DockerfileParser(string file, string text)
    {
        _file = file;
        _reader = new LineReader(file, text);
        _instructions = new InstructionParser(file, _reader.Escape, _warnings);
    }

    /// <summary>Reads a whole file.</summary>
    /// <param name="file">Its name in messages.</param>
    /// <param name="bytes">Its content.</param>
    /// <exception cref="DockerfileException">It is wrong.</exception>
    public static Dockerfile Parse(string file, ReadOnlySpan<byte> bytes) => new DockerfileParser(file, LineReader.Decode(file, bytes)).Parse();

    /// <summary>Reads the triggers of a base image.</summary>
    /// <param name="image">The image, for messages.</param>
    /// <param name="triggers">Its ONBUILD instructions.</param>
    /// <param name="line">The FROM that brings them in.</param>
    /// <param name="file">The Dockerfile's name.</param>
    /// <exception cref="DockerfileException">One of them is wrong or not allowed in a trigger.</exception>
    public static IReadOnlyList<Instruction> ParseTriggers(string image, IReadOnlyList<string> triggers, int line, string file)
    {
        var instructions = new List<Instruction>();
        foreach (string trigger in triggers)
        {
            var reader = new LineReader(file, trigger);
            try
            {
                while (reader.Read() is { } text)
                {
                    if (InstructionParser.Keyword(text.Text) is "FROM" or "ONBUILD" or "MAINTAINER")
                        throw new DockerfileException(file, line, $"{InstructionParser.Keyword(text.Text)} is not allowed as a trigger");
                    instructions.Add(new InstructionParser(file, '\\', []).Parse(text) with { Line = line });
                }
            }
            catch (DockerfileException e)
            {
                throw new DockerfileException(file, line, $"a trigger of {Shown.Text(image)} is wrong: {Shown.Text(trigger)}: {e.Message[(e.Message.IndexOf(": ", StringComparison.Ordinal) + 2)..]}", e);
            }
        }
        return instructions;
    }

    private Dockerfile Parse()
    {
        while (_reader.Read() is { } line)
        {
            if (++_count > BuildLimits.MaxInstructions)
                throw new DockerfileException(_file, line.Number, $"more than {BuildLimits.MaxInstructions} instructions");
            if (InstructionParser.Keyword(line.Text) == "FROM")
                BeginStage(line);
            else
                Add(line);
        }
        if (_stages.Count == 0)
            throw new DockerfileException(_file, 1, "the file has no FROM: it builds nothing");
        return new Dockerfile
        {
            FileName = _file,
            Escape = _reader.Escape,
            GlobalArguments = _global,
            Stages = _stages,
            Warnings = [.. _reader.Warnings, .. _warnings, .. _stages.SelectMany(Repeated)],
        };
    }

    private void Add(LogicalLine line)
    {
        Instruction instruction = _instructions.Parse(line);
        if (_stages.Count > 0)
            _current.Add(instruction);
        else if (instruction is ArgInstruction argument)
            _global.Add(argument);
        else
            throw new DockerfileException(_file, line.Number, $"no build stage in current context: only ARG may stand before the first FROM, not {InstructionParser.Keyword(line.Text)}");
    }

    private void BeginStage(LogicalLine line)
    {
        if (_stages.Count == BuildLimits.MaxStages)
            throw new DockerfileException(_file, line.Number, $"more than {BuildLimits.MaxStages} stages");
        string text = InstructionParser.Arguments(line.Text);
        string? platform = null;
        foreach ((string name, string? value) in Words.TakeFlags(ref text, _reader.Escape))
        {
            platform = name == "platform" && value is { Length: > 0 }
                ? value
                : throw new DockerfileException(_file, line.Number, $"unknown flag of FROM: --{Shown.Text(name)}: only --platform=OS/ARCHITECTURE is known");
        }
        List<string> words = Words.Split(text, _reader.Escape);
        if (words.Count is not (1 or 3) || (words.Count == 3 && !words[1].Equals("AS", StringComparison.OrdinalIgnoreCase)))
            throw new DockerfileException(_file, line.Number, "FROM takes IMAGE, or IMAGE AS NAME");
        string? stage = words.Count == 3 ? words[2].ToLowerInvariant() : null;
        if (stage is not null && !StageName().IsMatch(stage))
            throw new DockerfileException(_file, line.Number, $"invalid name for build stage: \"{Shown.Text(stage)}\": it begins with a letter, then letters, digits and - _ .");
        if (stage is not null && _stages.Any(other => other.Name == stage))
            throw new DockerfileException(_file, line.Number, $"duplicate name {stage}: an earlier stage has it");
        _current = [];
        _stages.Add(new Stage { Index = _stages.Count, Line = line.Number, Base = words[0], Platform = platform, Name = stage, Instructions = _current });
    }

    private IEnumerable<string> Repeated(Stage stage)
    {
        (string Keyword, Instruction[] All)[] groups =
        [
            ("CMD", [.. stage.Instructions.Where(static i => i is CommandInstruction { Kind: CommandKind.Command })]),
            ("ENTRYPOINT", [.. stage.Instructions.Where(static i => i is CommandInstruction { Kind: CommandKind.Entrypoint })]),
            ("HEALTHCHECK", [.. stage.Instructions.Where(static i => i is HealthInstruction)]),
        ];
        return groups.SelectMany(group => group.All.SkipLast(1).Select(instruction => $"{_file}:{instruction.Line}: a later {group.Keyword} of the same stage takes this one's place"));
    }

    [GeneratedRegex("^[a-z][a-z0-9_.-]*$")]
    private static partial Regex StageName();
}
