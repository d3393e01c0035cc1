namespace Berth.Oci;

/// <summary>Where a container's cgroup stands. [OCI-RT] config-linux.md, Cgroups Path.</summary>
internal static class CgroupPath
{
    /// <summary>Above the cgroups of containers that do not say where theirs shall be.</summary>
    public const string Parent = "/berth-oci";

    /// <param name="wanted"><c>linux.cgroupsPath</c>.</param>
    /// <param name="id">The container's id.</param>
    /// <exception cref="OciException">It is written for systemd.</exception>
    public static string Of(string? wanted, string id)
    {
        if (string.IsNullOrEmpty(wanted)) return $"{Parent}/{id}";
        if (wanted.Contains(':')) throw new OciException($"linux.cgroupsPath \"{wanted}\" is in systemd's form; use the cgroupfs manager (podman --cgroup-manager cgroupfs)");
        return wanted[0] == '/' ? wanted : $"{Parent}/{wanted}";
    }
}
