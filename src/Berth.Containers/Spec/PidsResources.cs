namespace Berth.Containers.Spec;

/// <summary>Limit on the number of tasks; 0 or less means no limit.</summary>
public sealed record PidsResources
{
    public long? Limit { get; init; }
}
