using Berth.Containers.Spec;
using Berth.Engine.Configuration;
using Berth.Linux;

namespace Berth.Engine.Planning;

/// <summary>Device nodes and the control group's device rules.</summary>
internal static class DeviceRules
{
    // Links such as /dev/fd lead out of the directory.
    private static readonly EnumerationOptions DeviceFiles = new() { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint, IgnoreInaccessible = true };

    public static void Check(Resources resources)
    {
        foreach (DeviceMapping device in resources.Devices ?? [])
        {
            UnknownFields.Refuse(device.Unknown, "HostConfig.Devices.");
            if (string.IsNullOrEmpty(device.PathOnHost) || device.PathOnHost[0] != '/')
                throw EngineException.Invalid($"HostConfig.Devices.PathOnHost: \"{device.PathOnHost}\" must be an absolute path");
            if (!string.IsNullOrEmpty(device.PathInContainer) && device.PathInContainer[0] != '/')
                throw EngineException.Invalid($"HostConfig.Devices.PathInContainer: \"{device.PathInContainer}\" must be an absolute path");
            if (!string.IsNullOrEmpty(device.CgroupPermissions) && !IsAccess(device.CgroupPermissions))
                throw EngineException.Invalid($"HostConfig.Devices.CgroupPermissions: invalid device mode: {device.CgroupPermissions}: use letters of rwm");
        }
        foreach (string rule in resources.DeviceCgroupRules ?? [])
            ParseRule(rule);
    }

    /// <summary>Reads <c>c 1:3 rwm</c>, <c>a *:* rwm</c>.</summary>
    public static DeviceRule ParseRule(string rule)
    {
        string[] parts = rule.Split(' ');
        if (parts is [("a" or "b" or "c") and { } type, { } numbers, { } access] && IsAccess(access) && numbers.Split(':') is [{ } major, { } minor]
            && Number(major, out long? majorNumber) && Number(minor, out long? minorNumber))
        {
            return new DeviceRule { Allow = true, Type = type, Major = majorNumber, Minor = minorNumber, Access = access };
        }
        throw EngineException.Invalid($"HostConfig.DeviceCgroupRules: invalid device cgroup rule format: '{rule}': use a form such as \"c 1:3 rwm\"");
    }

    /// <summary>The nodes behind a mapping: one device, or every device below a directory.</summary>
    public static IEnumerable<(DeviceSpec Node, DeviceRule Rule)> Resolve(DeviceMapping mapping)
    {
        string inside = string.IsNullOrEmpty(mapping.PathInContainer) ? mapping.PathOnHost! : mapping.PathInContainer;
        string access = string.IsNullOrEmpty(mapping.CgroupPermissions) ? "rwm" : mapping.CgroupPermissions;
        if (Directory.Exists(mapping.PathOnHost))
        {
            foreach (string file in Directory.EnumerateFiles(mapping.PathOnHost, "*", DeviceFiles))
            {
                // Nodes come and go meanwhile; one that is gone is not meant.
                if (File.Exists(file) && Node(file, inside + file[mapping.PathOnHost.Length..]) is { } found)
                    yield return (found, Rule(found, access));
            }
            yield break;
        }
        DeviceSpec node = Node(mapping.PathOnHost!, inside)
            ?? throw EngineException.Invalid($"error gathering device information while adding custom device \"{mapping.PathOnHost}\": not a device node");
        yield return (node, Rule(node, access));
    }

    private static DeviceSpec? Node(string path, string inside)
    {
        if (Libc.TryStatAt(null, path, out Libc.statx status, followLinks: true) is var errno && errno != Errno.None)
            throw EngineException.Invalid($"error gathering device information while adding custom device \"{path}\": {errno.Describe()}");
        return status.FileType switch
        {
            Libc.S_IFCHR => Spec("c"),
            Libc.S_IFBLK => Spec("b"),
            _ => null,
        };

        DeviceSpec Spec(string type) => new()
        {
            Path = inside,
            Type = type,
            Major = status.stx_rdev_major,
            Minor = status.stx_rdev_minor,
            FileMode = status.Permissions,
            Uid = status.stx_uid,
            Gid = status.stx_gid,
        };
    }

    private static DeviceRule Rule(DeviceSpec node, string access) =>
        new() { Allow = true, Type = node.Type, Major = node.Major, Minor = node.Minor, Access = access };

    private static bool IsAccess(string text) => text.Length is > 0 and <= 3 && text.All(static c => c is 'r' or 'w' or 'm') && text.Distinct().Count() == text.Length;

    private static bool Number(string text, out long? number)
    {
        number = null;
        if (text == "*")
            return true;
        bool sound = uint.TryParse(text, out uint value);
        number = value;
        return sound;
    }
}
