using Berth.Containers.Cgroups;
using Berth.Containers.Lifecycle;
using Berth.Containers.Security;
using Berth.Containers.Spec;
using Berth.Linux;
using Berth.Oci.State;

namespace Berth.Oci.Hooks;

/// <summary>The hooks of <c>create</c>: on the host, then in the container's namespaces. [OCI-RT] config.md, POSIX-platform Hooks.</summary>
internal sealed class CreationHooks(RuntimeSpec spec, ICgroup cgroup)
{
    private readonly HooksSpec _hooks = spec.Hooks ?? new HooksSpec();

    /// <summary>Whether there are any.</summary>
    public bool Any => _hooks.Prestart.Count + _hooks.CreateRuntime.Count + _hooks.CreateContainer.Count > 0;

    /// <summary>Whether the process joins a pid namespace: then it is there only when its root has changed already.</summary>
    public bool ComeLate { get; } = spec.Linux!.Namespaces.Any(static n => n.Type == NamespaceType.Pid && !string.IsNullOrEmpty(n.Path));

    /// <summary>Refuses what cannot be run in its place.</summary>
    /// <exception cref="OciException">There is such a hook.</exception>
    public void Check()
    {
        if (ComeLate && _hooks.CreateContainer.Count > 0)
            throw new OciException("hooks.createContainer: cannot be run before the root changes in a container that joins a pid namespace; use createRuntime or startContainer, or a pid namespace of its own");
    }

    /// <param name="container">Its record has the process already.</param>
    /// <param name="pid">The process.</param>
    /// <param name="process">Its handle.</param>
    /// <exception cref="OciException">One failed.</exception>
    public void Run(StoredContainer container, int pid, FileDescriptor process)
    {
        StateReport state = container.Report(ContainerStatus.Creating);
        HookRunner.Run("prestart", _hooks.Prestart, state);
        HookRunner.Run("createRuntime", _hooks.CreateRuntime, state);
        if (_hooks.CreateContainer.Count == 0) return;
        // Part of the runtime, they have its rights and no filter. The root is the host's still, as this mount namespace has it.
        HookRunner.RunInside("createContainer", _hooks.CreateContainer, state with { Pid = InnerPid.Of(pid) }, (hook, stdio) => ContainerRuntime.Exec(new ExecConfig
        {
            ContainerPid = pid,
            ContainerPidFd = process,
            Process = hook with { Capabilities = All() },
            Cgroup = cgroup,
        }, stdio));
    }

    private static CapabilitiesSpec All()
    {
        ulong own = Libc.EffectiveCapabilities();
        string[] names = [.. Enum.GetValues<Capability>().Where(c => ((own >> (int)c) & 1) != 0).Select(static c => $"CAP_{c}")];
        return new CapabilitiesSpec { Bounding = names, Effective = names, Permitted = names };
    }
}
