using Berth.Containers.Spec;
using Berth.Linux;

namespace Berth.Containers.Cgroups.V2;

/// <summary>A device program attached to a cgroup; the cgroup keeps it alive after this object is gone.</summary>
internal sealed class DeviceFilter : IDisposable
{
    private readonly FileDescriptor _program;

    private DeviceFilter(FileDescriptor program) => _program = program;

    /// <summary>Loads and attaches; a program from before is taken off only once the new one holds.</summary>
    /// <exception cref="CgroupException">bpf(2) is refused.</exception>
    public static DeviceFilter Attach(string directory, IReadOnlyList<DeviceRule> rules, DeviceFilter? replacing)
    {
        FileDescriptor? program = null;
        try
        {
            using FileDescriptor cgroup = Libc.Open(directory, Libc.O_RDONLY | Libc.O_DIRECTORY);
            program = Libc.LoadBpfProgram(Libc.BPF_PROG_TYPE_CGROUP_DEVICE, DeviceProgram.Compile(rules));
            // ALLOW_MULTI lets a nested container engine add its own, stricter program below.
            Libc.AttachBpfProgram(cgroup, program, Libc.BPF_CGROUP_DEVICE, Libc.BPF_F_ALLOW_MULTI);
            if (replacing is not null)
            {
                Libc.DetachBpfProgram(cgroup, replacing._program, Libc.BPF_CGROUP_DEVICE);
                replacing.Dispose();
            }
            return new DeviceFilter(program);
        }
        catch (LinuxException e)
        {
            program?.Dispose();
            throw new CgroupException($"device rules of {directory} cannot be enforced: {e.Message}; cgroup v2 needs bpf(2) with CAP_BPF or CAP_SYS_ADMIN for them", e.Errno, e);
        }
    }

    public void Dispose() => _program.Dispose();
}
