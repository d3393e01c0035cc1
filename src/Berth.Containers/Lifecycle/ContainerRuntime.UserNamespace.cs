using Berth.Containers.Cgroups;
using Berth.Containers.Namespaces;
using Berth.Containers.Processes;
using Berth.Containers.Rootfs;
using Berth.Containers.Spec;
using Berth.Linux;
using Berth.Linux.Launch;
using Berth.Linux.Routing;
using static Berth.Linux.Libc;

namespace Berth.Containers.Lifecycle;

/// <summary>Containers in a user namespace.</summary>
/// <remarks>No thread of this process can enter one, so the child comes first: it makes the namespaces, which then belong to the user
/// namespace, and waits. A thread with the host's rights enters all of them but that one, becomes the namespace's root by number, and builds
/// the tree there; files show the container's ids through idmapped mounts.</remarks>
public static partial class ContainerRuntime
{
    private static StartedProcess CreateMapped(Creation creation)
    {
        (ContainerConfig config, ProcessSpec process, LinuxSpec linux, NamespaceSet namespaces, List<MountOptions> options, PreparedBinds binds, CgroupEntry? cgroup, _, RouteSocket? hostNetwork, _, _) = creation;
        ulong created = namespaces.Created | CLONE_NEWNS;
        FileDescriptor? joinedUser = namespaces.Find(CLONE_NEWUSER), joinedPid = namespaces.Find(CLONE_NEWPID);

        ChildPlan first = new();
        ProcessPlan.Enter(first, cgroup?.TaskFiles ?? [], process);
        int? earlyProc = null;
        ulong flags = created & (ThreadNamespaces | CLONE_NEWNS | CLONE_NEWUSER | CLONE_NEWPID);
        if (joinedUser is not null)
        {
            // The pid namespace cannot be made from within, so it belongs to the host; its /proc is made while the host's rights last.
            if (joinedPid is null && (created & CLONE_NEWPID) != 0)
            {
                earlyProc = EarlyProc(first, [], options.Zip(config.Spec.Mounts).FirstOrDefault(static m => m.Second.Type == "proc").First?.Set ?? 0);
            }
            first.Add("join the user namespace", SystemCall.setns, joinedUser, CLONE_NEWUSER);
            first.Add("new namespaces", SystemCall.unshare, created & (ThreadNamespaces | CLONE_NEWNS));
            flags &= CLONE_NEWPID;
        }
        else if (config.BeforePivot is not null)
        {
            earlyProc = EarlyProc(first, creation, created);
        }
        if ((created & CLONE_NEWTIME) != 0) first.Add("new time namespace", SystemCall.unshare, CLONE_NEWTIME);

        using PausedChild child = new(() => Join(namespaces), first.Calls, flags, cgroup?.Directory);
        using FileDescriptor? ownProc = earlyProc is { } made ? new FileDescriptor(child.ResultOf(made)) : null; // the table of descriptors is shared
        if (joinedUser is null) IdMap.Write(child.Pid, linux);
        IdMap map = IdMap.Of(child.Pid);
        Unshare(CLONE_FS); // this thread's own root and umask: only so can it enter a mount namespace
        SetUmask(0);
        using FileDescriptor? sharedProc = SharedProc(config.Spec, options, namespaces);
        using FileDescriptor userNamespace = Open($"/proc/{child.Pid}/ns/user", O_RDONLY);
        binds.Shift(userNamespace);
        Join(namespaces);
        ActAs(map.HostUid(0), map.HostGid(0));
        using FileDescriptor root = DetachedMount.Root(config.Rootfs, userNamespace);
        EnterNamespace(child.PidFd!, created & (ThreadNamespaces | CLONE_NEWNS), "the container's namespaces");
        NamespaceSetup.SetParameters(config.Spec, ipc: true);
        ActAs(0, 0);
        NamespaceSetup.Configure(config, hostNetwork, created, $"{child.Pid}");
        NamespaceSetup.SetParameters(config.Spec, ipc: false);
        ActAs(map.HostUid(0), map.HostGid(0));
        using RootfsBuilder rootfs = new(config.Spec, options, binds, config.Cgroup, namespaces.IsOwn(CLONE_NEWCGROUP), map);
        rootfs.Build(root, config.Rootfs);
        if (config.BeforePivot is { } beforePivot)
        {
            if (ownProc is not null) rootfs.AttachProc(ownProc);
            creation.Caller.Do(() => beforePivot(child.Pid, child.PidFd!));
        }

        using ApartLauncher? apart = joinedPid is null ? null : new ApartLauncher();
        ChildPlan plan = new(apart?.Opening ?? PausedChild.Opening);
        if (joinedPid is not null) plan.Add("join the pid namespace", SystemCall.setns, joinedPid, CLONE_NEWPID);
        ChildArgument? proc = (sharedProc ?? ownProc) is { } mount ? mount : default(ChildArgument?);
        using Streams streams = Populate(plan, creation, rootfs, map, proc, apart is not null, out List<string> warnings);
        LaunchResult result = apart is null ? child.Continue(plan.Calls) : apart.Launch([.. PausedChild.Opening, .. BecomeRoot()], plan.Calls, child.Continue);
        return Started(result, process.Args[0], streams, warnings);
    }

    // Only the namespace's own root keeps its capabilities over an execve.
    private static IReadOnlyList<ChildCall> BecomeRoot() =>
    [
        new("become root", SystemCall.setresgid, [0, 0, 0]),
        new("become root", SystemCall.setresuid, [0, 0, 0]),
    ];
}
