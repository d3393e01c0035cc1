namespace Berth.Compose.Planning;

/// <summary>One action of a plan. Steps that do not wait for one another may run at once.</summary>
public abstract record Step
{
    /// <summary>Its place in the plan.</summary>
    public int Index { get; init; }

    /// <summary>Places of the steps that must have succeeded before.</summary>
    public IReadOnlyList<int> After { get; init; } = [];

    /// <summary>What it acts on, as progress shows it.</summary>
    public abstract string Subject { get; }

    /// <summary>What is being done and what has been done, as progress shows them.</summary>
    public abstract (string Doing, string Done) Words { get; }
}
