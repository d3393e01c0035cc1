using Berth.Cli.CommandLine;

namespace Berth.Cli.Parsing;

/// <summary>A device handed into a container: <c>/dev/sda[:/dev/xvda][:rwm]</c>.</summary>
/// <param name="Host">Path on the host.</param>
/// <param name="Container">Path in the container.</param>
/// <param name="Permissions">Any of r, w and m.</param>
internal readonly record struct DeviceSpec(string Host, string Container, string Permissions)
{
    /// <summary>Reads one <c>--device</c>.</summary>
    public static DeviceSpec Parse(string text)
    {
        var parts = text.Split(':');
        var (host, container, permissions) = parts.Length switch
        {
            1 => (parts[0], parts[0], "rwm"),
            2 when IsPermissions(parts[1]) => (parts[0], parts[0], parts[1]),
            2 => (parts[0], parts[1], "rwm"),
            3 when IsPermissions(parts[2]) => (parts[0], parts[1], parts[2]),
            _ => throw Invalid(text),
        };
        return host.StartsWith('/') && container.StartsWith('/') ? new DeviceSpec(host, container, permissions) : throw Invalid(text);
    }

    private static bool IsPermissions(string text) =>
        text.Length is > 0 and <= 3 && text.All(c => c is 'r' or 'w' or 'm') && text.Distinct().Count() == text.Length;

    private static UsageException Invalid(string text) =>
        new($"invalid device \"{text}\": write it as /dev/host, /dev/host:/dev/container or /dev/host:/dev/container:rwm");
}
