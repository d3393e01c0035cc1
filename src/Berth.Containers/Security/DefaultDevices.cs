using Berth.Containers.Spec;

namespace Berth.Containers.Security;

/// <summary>Devices every container has, and the rules that keep it to them. [OCI-RT] config-linux.md, Default Devices.</summary>
public static class DefaultDevices
{
    /// <summary>Nodes to make in /dev; ptmx and console come with the pseudo-terminal file system.</summary>
    public static IReadOnlyList<DeviceSpec> Nodes { get; } =
    [
        Node("/dev/null", 1, 3), Node("/dev/zero", 1, 5), Node("/dev/full", 1, 7),
        Node("/dev/random", 1, 8), Node("/dev/urandom", 1, 9), Node("/dev/tty", 5, 0),
    ];

    /// <summary>Nothing but the default nodes and pseudo-terminals; making nodes is no harm while opening them is denied.</summary>
    public static IReadOnlyList<DeviceRule> Rules { get; } =
    [
        new() { Allow = false, Type = "a", Access = "rwm" },
        new() { Allow = true, Type = "c", Access = "m" },
        new() { Allow = true, Type = "b", Access = "m" },
        .. Nodes.Select(static node => AllowFor(node, "rwm")),
        Allow(5, 1), // console
        Allow(5, 2), // ptmx
        Allow(136, null), // pts
    ];

    /// <summary>The rules of a privileged container: everything.</summary>
    public static IReadOnlyList<DeviceRule> PrivilegedRules { get; } = [new() { Allow = true, Type = "a", Access = "rwm" }];

    /// <summary>The rule that opens one device given by <c>--device</c>.</summary>
    public static DeviceRule AllowFor(DeviceSpec device, string access) =>
        new() { Allow = true, Type = device.Type == "u" ? "c" : device.Type, Major = device.Major, Minor = device.Minor, Access = access };

    /// <summary>Reads <c>--device-cgroup-rule</c>: <c>c 10:200 rwm</c>, numbers may be <c>*</c>.</summary>
    /// <exception cref="ArgumentException">It is malformed.</exception>
    public static DeviceRule ParseRule(string text)
    {
        string[] words = text.Split(' ');
        string[] numbers = words.Length == 3 ? words[1].Split(':') : [];
        if (numbers.Length != 2 || words[0] is not ("a" or "b" or "c") || !TryNumber(numbers[0], 0xFFF, out long? major) || !TryNumber(numbers[1], 0xFFFFF, out long? minor)
            || words[2].Length is 0 or > 3 || words[2].AsSpan().ContainsAnyExcept('r', 'w', 'm'))
            throw new ArgumentException($"invalid device cgroup rule \"{text}\"; write it as: c 10:200 rwm (type a, b or c; numbers or *)");
        return new DeviceRule { Allow = true, Type = words[0], Major = major, Minor = minor, Access = words[2] };
    }

    private static bool TryNumber(string text, long highest, out long? number)
    {
        number = null;
        if (text == "*")
            return true;
        bool sound = long.TryParse(text, System.Globalization.NumberStyles.None, null, out long value) && value <= highest;
        number = value;
        return sound;
    }

    private static DeviceSpec Node(string path, long major, long minor) => new() { Path = path, Type = "c", Major = major, Minor = minor, FileMode = 0x1B6, Uid = 0, Gid = 0 };

    private static DeviceRule Allow(long major, long? minor) => new() { Allow = true, Type = "c", Major = major, Minor = minor, Access = "rwm" };
}
