namespace Berth.Compose.Planning;

/// <summary>Collects the steps of a plan.</summary>
internal sealed class StepList
{
    private readonly List<Step> _steps = [];

    /// <summary>The steps so far.</summary>
    public IReadOnlyList<Step> Steps => _steps;

    /// <summary>Adds a step behind others and returns its place.</summary>
    public int Add(Step step, params IEnumerable<int> after)
    {
        _steps.Add(step with { Index = _steps.Count, After = [.. after.Distinct()] });
        return _steps.Count - 1;
    }
}
