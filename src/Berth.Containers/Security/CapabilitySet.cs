using System.Globalization;
using System.Numerics;

namespace Berth.Containers.Security;

/// <summary>A set of capabilities as the kernel's bit mask. See capabilities(7).</summary>
public readonly record struct CapabilitySet(ulong Bits)
{
    /// <summary>Nothing.</summary>
    public static CapabilitySet Empty => default;

    /// <summary>All 41 capabilities this version knows.</summary>
    public static CapabilitySet All => new((1UL << 41) - 1);

    /// <summary>What a container has unless told otherwise: Docker's fourteen.</summary>
    public static CapabilitySet Default { get; } = Of(
        Capability.CHOWN, Capability.DAC_OVERRIDE, Capability.FSETID, Capability.FOWNER, Capability.MKNOD, Capability.NET_RAW,
        Capability.SETGID, Capability.SETUID, Capability.SETFCAP, Capability.SETPCAP, Capability.NET_BIND_SERVICE,
        Capability.SYS_CHROOT, Capability.KILL, Capability.AUDIT_WRITE);

    /// <summary>Number of members.</summary>
    public int Count => BitOperations.PopCount(Bits);

    /// <summary>The set of these.</summary>
    public static CapabilitySet Of(params ReadOnlySpan<Capability> capabilities)
    {
        ulong bits = 0;
        foreach (Capability capability in capabilities)
            bits |= 1UL << (int)capability;
        return new CapabilitySet(bits);
    }

    /// <summary>Reads one name in any case, with or without <c>CAP_</c>; <c>ALL</c> is not a name.</summary>
    public static bool TryParseName(string name, out Capability capability)
    {
        ReadOnlySpan<char> bare = name.StartsWith("CAP_", StringComparison.OrdinalIgnoreCase) ? name.AsSpan(4) : name;
        // Enum.TryParse would accept numbers and lists as well.
        capability = default;
        foreach (char c in bare)
        {
            if (!char.IsAsciiLetter(c) && c != '_')
                return false;
        }
        return Enum.TryParse(bare, ignoreCase: true, out capability);
    }

    /// <summary>The set of the named capabilities.</summary>
    /// <exception cref="ArgumentException">A name is unknown.</exception>
    public static CapabilitySet Parse(IEnumerable<string> names)
    {
        CapabilitySet set = default;
        foreach (string name in names)
            set |= Of(TryParseName(name, out Capability c) ? c : throw new ArgumentException($"unknown capability \"{name}\"; see capabilities(7)"));
        return set;
    }

    /// <summary>The capabilities this process may hand on: its bounding set, cut to what <see cref="Capability"/> knows.</summary>
    public static CapabilitySet OfThisProcess()
    {
        foreach (string line in File.ReadLines("/proc/thread-self/status"))
        {
            if (line.StartsWith("CapBnd:", StringComparison.Ordinal))
                return new CapabilitySet(ulong.Parse(line.AsSpan(7).Trim(), NumberStyles.HexNumber)) & All;
        }
        throw new InvalidDataException("/proc/thread-self/status has no CapBnd line");
    }

    /// <summary>Whether it is a member.</summary>
    public bool Contains(Capability capability) => (Bits >> (int)capability & 1) != 0;

    /// <summary>Members in numeric order.</summary>
    public IEnumerable<Capability> Members()
    {
        for (ulong rest = Bits; rest != 0; rest &= rest - 1)
            yield return (Capability)BitOperations.TrailingZeroCount(rest);
    }

    /// <summary>Members as the specification writes them: <c>CAP_CHOWN</c>.</summary>
    public IReadOnlyList<string> Names() => [.. Members().Select(static c => "CAP_" + c)];

    /// <summary>Both sets together.</summary>
    public static CapabilitySet operator |(CapabilitySet left, CapabilitySet right) => new(left.Bits | right.Bits);

    /// <summary>What both sets have.</summary>
    public static CapabilitySet operator &(CapabilitySet left, CapabilitySet right) => new(left.Bits & right.Bits);

    /// <summary>The left set without the right one.</summary>
    public static CapabilitySet operator -(CapabilitySet left, CapabilitySet right) => new(left.Bits & ~right.Bits);

    /// <inheritdoc/>
    public override string ToString() => string.Join(' ', Names());
}
