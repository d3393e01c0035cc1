namespace Berth.Compose.Planning;

/// <summary>Actions in an order in which each comes after those it waits for.</summary>
/// <param name="Steps">The actions.</param>
/// <param name="Known">The containers that are there already and stay, by slot.</param>
/// <param name="Warnings">What the user should know.</param>
public sealed record Plan(IReadOnlyList<Step> Steps, IReadOnlyDictionary<Slot, string> Known, IReadOnlyList<string> Warnings);
