using Berth.Containers.Cgroups;
using Berth.Containers.Lifecycle;
using Berth.Containers.Spec;
using Berth.Linux;
using Berth.Oci.Hooks;
using Berth.Oci.State;

namespace Berth.Oci;

/// <summary>Makes a container whose process stands complete and waits to be started; undoes all of it when a step fails.</summary>
internal static class ContainerCreation
{
    /// <param name="session">Where.</param>
    /// <param name="id">Its name.</param>
    /// <param name="bundle">What.</param>
    /// <param name="consoleSocket">Where its terminal goes, or null.</param>
    /// <param name="pidFile">Written with its process id, or null.</param>
    public static StoredContainer Create(Session session, string id, Bundle bundle, string? consoleSocket, string? pidFile)
    {
        RuntimeSpec spec = bundle.Spec;
        ConsoleSocket.Check(spec.Process!.Terminal, consoleSocket);
        string path = CgroupPath.Of(spec.Linux!.CgroupsPath, id);
        StoredContainer container = session.Store.Add(id);
        ICgroup? cgroup = null;
        FileDescriptor? process = null;
        try
        {
            ContainerRecord record = new()
            {
                OciVersion = spec.OciVersion,
                Id = id,
                Pid = 0,
                StartTicks = 0,
                Bundle = bundle.Folder,
                Rootfs = bundle.Rootfs,
                Created = DateTimeOffset.UtcNow,
                Cgroup = path,
                Annotations = spec.Annotations,
            };
            container.SaveSpec(spec);
            container.Save(record); // should this process be killed: delete finds the cgroup
            cgroup = session.Cgroups.Create(path);
            cgroup.Apply(spec.Linux.Resources!);
            CreationHooks hooks = new(spec, cgroup);
            hooks.Check();
            void RunHooks(int pid, FileDescriptor handle)
            {
                container.Save(record with { Pid = pid, StartTicks = ProcessTimes.StartTicks(pid) });
                hooks.Run(container, pid, handle);
            }
            Libc.MakeFifo(container.Gate, 0x180 /* 0600 */);
            using FileDescriptor gate = Libc.Open(container.Gate, Libc.O_RDWR);
            ContainerConfig config = new()
            {
                Id = id,
                Spec = spec,
                Rootfs = bundle.Source,
                Cgroup = cgroup,
                Gate = gate,
                BeforePivot = hooks.Any && !hooks.ComeLate ? RunHooks : null,
            };
            StartedProcess started = ContainerRuntime.Start(config, ForegroundProcess.Stdio);
            process = started.PidFd;
            foreach (string warning in started.Warnings) session.Log.Warning(warning);
            container.Save(record with { Pid = started.Pid, StartTicks = started.StartTimeTicks });
            if (hooks.ComeLate) RunHooks(started.Pid, process);
            if (consoleSocket is not null) ConsoleSocket.Send(consoleSocket, started.Console!);
            if (pidFile is not null) WritePid(pidFile, started.Pid);
            started.Dispose();
            return container;
        }
        catch
        {
            if (process is not null)
            {
                Libc.SendSignal(process, Libc.SIGKILL);
                Libc.Wait(process);
            }
            cgroup?.Destroy();
            container.Remove();
            throw;
        }
    }

    /// <summary>Writes a process id as engines read it.</summary>
    public static void WritePid(string file, int pid) => ReplacedFile.Write(file, System.Text.Encoding.ASCII.GetBytes($"{pid}"));
}
