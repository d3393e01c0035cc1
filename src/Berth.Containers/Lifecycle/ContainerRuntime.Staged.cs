using Berth.Containers.Namespaces;
using Berth.Containers.Processes;
using Berth.Containers.Rootfs;
using Berth.Linux;
using Berth.Linux.Launch;
using static Berth.Linux.Libc;

namespace Berth.Containers.Lifecycle;

/// <summary>Containers whose caller wants to act when all is made but the root has not changed.</summary>
public static partial class ContainerRuntime
{
    // The tree stands; the process is born into this thread's namespaces, mounts /proc and waits until the caller is done.
    private static StartedProcess FinishStaged(Creation creation, RootfsBuilder rootfs, ulong created)
    {
        ChildPlan first = new();
        ProcessPlan.Enter(first, creation.Cgroup?.TaskFiles ?? [], creation.Process);
        int? made = EarlyProc(first, creation, created);
        if ((created & CLONE_NEWTIME) != 0) first.Add("new time namespace", SystemCall.unshare, CLONE_NEWTIME);
        using PausedChild child = new(static () => { }, first.Calls, created & CLONE_NEWPID, creation.Cgroup?.Directory);
        using FileDescriptor? proc = made is { } index ? new FileDescriptor(child.ResultOf(index)) : null; // the table of descriptors is shared
        NamespaceSetup.Configure(creation.Config, null, created & CLONE_NEWTIME, $"{child.Pid}");
        if (proc is not null) rootfs.AttachProc(proc);
        creation.Caller.Do(() => creation.Config.BeforePivot!(child.Pid, child.PidFd!));
        ChildPlan plan = new(PausedChild.Opening);
        using Streams streams = Populate(plan, creation, rootfs, null, proc is null ? default(ChildArgument?) : proc, apart: false, out List<string> warnings);
        return Started(child.Continue(plan.Calls), creation.Process.Args[0], streams, warnings);
    }

    // A /proc of the pid namespace the child is born into; answers the call that has it.
    private static int? EarlyProc(ChildPlan first, Creation creation, ulong created)
    {
        int index = creation.Config.Spec.Mounts.ToList().FindIndex(static m => m.Type == "proc");
        return index < 0 || (created & CLONE_NEWPID) == 0 ? null : EarlyProc(first, creation.Options[index].Data, creation.Options[index].Set);
    }

    // The table of descriptors is this process's: only the mount shall stay in it.
    private static int EarlyProc(ChildPlan first, IReadOnlyList<string> data, ulong attributes)
    {
        int context = first.Calls.Count;
        RootfsBuilder.NewProc(first, data, attributes);
        int made = first.Calls.Count - 1;
        first.Add("close the context of /proc", SystemCall.close, ChildArgument.ResultOf(context));
        return made;
    }
}
