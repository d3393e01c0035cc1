using Berth.Containers.Spec;

namespace Berth.Containers.Cgroups.V1;

/// <summary>The devices controller. Kernel documentation: admin-guide/cgroup-v1/devices.rst.</summary>
internal static class Devices
{
    public static void Apply(string directory, IReadOnlyList<DeviceRule> rules)
    {
        foreach (DeviceRule rule in rules)
            CgroupFile.Write(directory, rule.Allow ? "devices.allow" : "devices.deny", Format(rule));
    }

    internal static string Format(DeviceRule rule)
    {
        string access = string.IsNullOrEmpty(rule.Access) ? "rwm" : rule.Access;
        if (rule.Type is null or "" or "a")
            return "a"; // the kernel takes no numbers and no access with it
        return $"{rule.Type} {Number(rule.Major)}:{Number(rule.Minor)} {access}";
    }

    private static string Number(long? number) => number is null or -1 ? "*" : number.Value.ToString();
}
