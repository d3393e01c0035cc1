using System.Globalization;
using Berth.Build.Dockerfiles;

namespace Berth.Build.Stages;

/// <summary>Which stage another one means, and which of them a build needs.</summary>
public sealed class StageGraph(Dockerfile dockerfile)
{
    /// <summary>The stage to build: by name or number, the last one by default.</summary>
    /// <exception cref="DockerfileException">There is no such stage.</exception>
    public Stage Target(string? target)
    {
        if (string.IsNullOrEmpty(target))
            return dockerfile.Stages[^1];
        return Find(target, dockerfile.Stages.Count) ?? throw new DockerfileException(dockerfile.FileName, dockerfile.Stages[^1].Line,
            $"target stage \"{Shown.Text(target)}\" could not be found{Known()}");
    }

    /// <summary>The earlier stage that a stage's FROM names, or null when it names an image. By name alone: <c>FROM 0</c> is an image.</summary>
    public Stage? BaseOf(Stage stage, string expanded) => Named(expanded, stage.Index);

    /// <summary>The earlier stage that a <c>--from</c> names, or null when it names an image.</summary>
    /// <exception cref="DockerfileException">It names the stage itself or a later one.</exception>
    public Stage? SourceOf(Stage stage, string from, int line)
    {
        if (Find(from, stage.Index) is { } earlier)
            return earlier;
        if (Find(from, dockerfile.Stages.Count) is { } later)
        {
            throw new DockerfileException(dockerfile.FileName, line, later == stage
                ? $"--from={Shown.Text(from)}: a stage cannot copy from itself"
                : $"--from={Shown.Text(from)}: that stage comes later, in line {later.Line}: move it in front of this one");
        }
        return int.TryParse(from, NumberStyles.None, CultureInfo.InvariantCulture, out _)
            ? throw new DockerfileException(dockerfile.FileName, line, $"invalid from flag value {from}: there is no such stage")
            : null;
    }

    /// <summary>The stages that building <paramref name="target"/> needs, itself included, in the file's order.</summary>
    /// <param name="target">The stage wanted.</param>
    /// <param name="baseOf">The expanded FROM of a stage.</param>
    public IReadOnlyList<Stage> Needed(Stage target, Func<Stage, string> baseOf)
    {
        var needed = new HashSet<int>();
        var ahead = new Stack<Stage>([target]);
        while (ahead.TryPop(out Stage? stage))
        {
            if (!needed.Add(stage.Index))
                continue;
            foreach (Stage other in Sources(stage, baseOf(stage)))
                ahead.Push(other);
        }
        return [.. dockerfile.Stages.Where(stage => needed.Contains(stage.Index))];
    }

    private IEnumerable<Stage> Sources(Stage stage, string expandedBase)
    {
        if (BaseOf(stage, expandedBase) is { } below)
            yield return below;
        foreach (Instruction instruction in stage.Instructions)
        {
            IEnumerable<string?> names = instruction switch
            {
                CopyInstruction copy => [copy.From],
                RunInstruction run => run.Mounts.Select(static mount => mount.From),
                _ => [],
            };
            foreach (string name in names.OfType<string>())
            {
                if (SourceOf(stage, name, instruction.Line) is { } source)
                    yield return source;
            }
        }
    }

    private Stage? Find(string name, int before) => Named(name, before)
        ?? (int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out int index) && index < before ? dockerfile.Stages[index] : null);

    private Stage? Named(string name, int before) =>
        dockerfile.Stages.Take(before).FirstOrDefault(stage => stage.Name is not null && stage.Name.Equals(name, StringComparison.OrdinalIgnoreCase));

    private string Known() => dockerfile.Stages.Any(static stage => stage.Name is not null)
        ? $": the file has {string.Join(", ", dockerfile.Stages.Select(static stage => stage.Name).OfType<string>().Take(20))}"
        : "";
}
