using Berth.Containers.Spec;

namespace Berth.Containers.Cgroups;

/// <summary>One cgroup, in every hierarchy that matters. Members throw <see cref="CgroupException"/>. Made by <see cref="CgroupHierarchy"/>.</summary>
public interface ICgroup
{
    /// <summary>Where it stands below the hierarchy's root, such as <c>/berth/5f2a…</c>.</summary>
    string Path { get; }

    /// <summary>Sets limits, on creation and on a live update alike: what is null stays as it is.</summary>
    void Apply(LinuxResources resources);

    /// <summary>Moves a process of the host into the cgroup. A new container process enters by <see cref="OpenEntry"/> instead.</summary>
    void AddProcess(int pid);

    /// <summary>Opens what a new process needs to enter by itself.</summary>
    CgroupEntry OpenEntry();

    /// <summary>Every process in it and in the cgroups below, as the calling process numbers them.</summary>
    IReadOnlyList<int> Pids();

    /// <summary>Usage now. What the host does not account for is left at zero or null.</summary>
    CgroupStats Stats();

    /// <summary>How many processes the kernel has killed here because memory ran out.</summary>
    ulong OomKills();

    /// <summary>Stops every process and returns once the kernel reports all of them stopped.</summary>
    void Freeze();

    /// <summary>Lets the processes run again.</summary>
    void Thaw();

    /// <summary>Whether it is frozen.</summary>
    bool IsFrozen { get; }

    /// <summary>Sends SIGKILL to every process, also to those that fork meanwhile and to frozen ones. Waits a moment for their end, but does not promise it.</summary>
    void KillAll();

    /// <summary>Removes it and all below, killing what still runs. Doing so twice is no error.</summary>
    void Destroy();

    /// <summary>What to bind read-only below <c>/sys/fs/cgroup</c> so that the container sees its own cgroup alone (or the host's, if asked).</summary>
    /// <param name="hostNamespace">The container shares the host's cgroup namespace.</param>
    IReadOnlyList<CgroupMount> Mounts(bool hostNamespace);
}
