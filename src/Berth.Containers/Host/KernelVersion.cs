using System.Globalization;

namespace Berth.Containers.Host;

/// <summary>Major and minor number of a Linux release; what follows them differs by distribution.</summary>
public readonly record struct KernelVersion(int Major, int Minor) : IComparable<KernelVersion>
{
    /// <summary>The running kernel's.</summary>
    public static KernelVersion Current { get; } =
        TryParse(File.Exists("/proc/sys/kernel/osrelease") ? File.ReadAllText("/proc/sys/kernel/osrelease") : "", out KernelVersion version) ? version : default;

    /// <summary>Reads <c>6.1</c> or <c>6.1.0-21-amd64</c>.</summary>
    public static bool TryParse(string release, out KernelVersion version)
    {
        version = default;
        string[] parts = release.Trim().Split('.', 3);
        if (parts.Length < 2 || !TryNumber(parts[0], out int major) || !TryNumber(Digits(parts[1]), out int minor))
            return false;
        version = new KernelVersion(major, minor);
        return true;
    }

    /// <inheritdoc/>
    public int CompareTo(KernelVersion other) => Major != other.Major ? Major.CompareTo(other.Major) : Minor.CompareTo(other.Minor);

    /// <summary>Whether the left one is the same or newer.</summary>
    public static bool operator >=(KernelVersion left, KernelVersion right) => left.CompareTo(right) >= 0;

    /// <summary>Whether the left one is the same or older.</summary>
    public static bool operator <=(KernelVersion left, KernelVersion right) => left.CompareTo(right) <= 0;

    /// <summary>Whether the left one is newer.</summary>
    public static bool operator >(KernelVersion left, KernelVersion right) => left.CompareTo(right) > 0;

    /// <summary>Whether the left one is older.</summary>
    public static bool operator <(KernelVersion left, KernelVersion right) => left.CompareTo(right) < 0;

    /// <inheritdoc/>
    public override string ToString() => $"{Major}.{Minor}";

    private static string Digits(string text) => new([.. text.TakeWhile(char.IsAsciiDigit)]);

    private static bool TryNumber(string text, out int number) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
}
