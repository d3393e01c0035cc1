namespace Berth.Containers.Cgroups;

/// <summary>A directory of the host to bind below <c>/sys/fs/cgroup</c> in a container.</summary>
/// <param name="HostDirectory">Absolute path on the host.</param>
/// <param name="Name">
/// Name below <c>/sys/fs/cgroup</c>; empty when the directory becomes <c>/sys/fs/cgroup</c> itself (cgroup v2). With names, a tmpfs goes there first.
/// </param>
/// <param name="Links">Names that become symbolic links to <paramref name="Name"/>, such as <c>cpu</c> for <c>cpu,cpuacct</c>.</param>
public sealed record CgroupMount(string HostDirectory, string Name, IReadOnlyList<string> Links);
