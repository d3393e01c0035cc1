namespace Berth.Containers.Security;

/// <summary>The meaning of <c>--cap-add</c>, <c>--cap-drop</c> and <c>--privileged</c>, as Docker users know it.</summary>
public static class CapabilityRules
{
    private const string AllName = "ALL";

    /// <summary>
    /// Adding ALL starts from everything and then drops; dropping ALL starts from nothing and then adds; otherwise the default
    /// set is reduced, then enlarged. What the host process itself lacks is left out.
    /// </summary>
    /// <param name="add">Names with or without <c>CAP_</c>, or <c>ALL</c>.</param>
    /// <param name="drop">As <paramref name="add"/>.</param>
    /// <param name="privileged">Everything the host process has, whatever the lists say.</param>
    /// <param name="available">What the host process can hand on: <see cref="CapabilitySet.OfThisProcess"/>.</param>
    /// <exception cref="ArgumentException">A name is unknown.</exception>
    public static CapabilitySet Resolve(IReadOnlyList<string> add, IReadOnlyList<string> drop, bool privileged, CapabilitySet available)
    {
        (CapabilitySet added, bool addAll) = Read(add, "CapAdd");
        (CapabilitySet dropped, bool dropAll) = Read(drop, "CapDrop");
        CapabilitySet wanted = privileged ? CapabilitySet.All
            : addAll ? CapabilitySet.All - dropped
            : dropAll ? added
            : (CapabilitySet.Default - dropped) | added;
        return wanted & available;
    }

    /// <summary>Capabilities asked for by name that the host process cannot hand on; worth a warning.</summary>
    /// <exception cref="ArgumentException">A name is unknown.</exception>
    public static CapabilitySet Unavailable(IReadOnlyList<string> add, CapabilitySet available) => Read(add, "CapAdd").Set - available;

    private static (CapabilitySet Set, bool All) Read(IReadOnlyList<string> names, string field)
    {
        var set = CapabilitySet.Empty;
        bool all = false;
        foreach (string name in names)
        {
            if (string.Equals(name, AllName, StringComparison.OrdinalIgnoreCase) || string.Equals(name, "CAP_ALL", StringComparison.OrdinalIgnoreCase))
                all = true;
            else if (CapabilitySet.TryParseName(name, out Capability capability))
                set |= CapabilitySet.Of(capability);
            else
                throw new ArgumentException($"invalid {field}: unknown capability \"{name}\"; see capabilities(7)");
        }
        return (set, all);
    }
}
