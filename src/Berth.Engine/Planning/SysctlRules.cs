using Berth.Engine.Configuration;

namespace Berth.Engine.Planning;

/// <summary>Only kernel parameters that a namespace of the instance's own holds may be set. See namespaces(7), sysctl(8).</summary>
internal static class SysctlRules
{
    private static readonly string[] Ipc =
        ["kernel.msgmax", "kernel.msgmnb", "kernel.msgmni", "kernel.sem", "kernel.shmall", "kernel.shmmax", "kernel.shmmni", "kernel.shm_rmid_forced"];

    public static void Check(string name, HostConfig host)
    {
        if (name.AsSpan().ContainsAny('\0', ' ', '\n') || name.Contains("..", StringComparison.Ordinal))
            throw EngineException.Invalid($"HostConfig.Sysctls: '{name}' is not a kernel parameter's name");
        string dotted = name.Replace('/', '.');
        if (dotted.StartsWith("net.", StringComparison.Ordinal))
        {
            if (host.NetworkMode == "host")
                throw EngineException.Invalid($"HostConfig.Sysctls: sysctl '{name}' not allowed with NetworkMode host: it would change the host");
            return;
        }
        if (Ipc.Contains(dotted) || dotted.StartsWith("fs.mqueue.", StringComparison.Ordinal))
        {
            if (host.IpcMode == "host")
                throw EngineException.Invalid($"HostConfig.Sysctls: sysctl '{name}' not allowed with IpcMode host: it would change the host");
            return;
        }
        throw EngineException.Invalid($"HostConfig.Sysctls: sysctl '{name}' is not allowed: no namespace holds it, set it on the host");
    }
}
