namespace Berth.Compose.Planning;

/// <summary>What is there.</summary>
/// <param name="Containers">Containers of the project.</param>
/// <param name="Networks">All networks.</param>
/// <param name="Volumes">All volumes.</param>
public sealed record FoundState(IReadOnlyList<FoundContainer> Containers, IReadOnlyList<FoundNetwork> Networks, IReadOnlyList<FoundVolume> Volumes)
{
    /// <summary>Ids of the images that services want, by name.</summary>
    public IReadOnlyDictionary<string, string> Images { get; init; } = new Dictionary<string, string>();

    /// <summary>The service's own containers, by number.</summary>
    public IEnumerable<FoundContainer> Of(string service) => Containers.Where(one => one.Service == service && !one.OneOff).OrderBy(one => one.Number);
}
