using Berth.Engine.Planning;
using Berth.Engine.State;

namespace Berth.Engine.Instances;

/// <summary>The host files behind an instance: its directory, the files mounted over /etc, bind sources.</summary>
internal static class InstanceFiles
{
    public static void Create(EnginePaths paths, InstanceDefinition definition)
    {
        string id = definition.Id;
        Directory.CreateDirectory(paths.Container(id), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        if (definition.IsMachine)
            return;
        Directory.CreateDirectory(paths.Upper(id));
        Directory.CreateDirectory(paths.Work(id));
    }

    /// <summary>Written anew for each start: the host's resolver or the instance's name may have changed.</summary>
    public static void WriteEtc(EngineContext context, InstanceDefinition definition, string hostName, string? joined, EtcFacts facts)
    {
        EnginePaths paths = context.Paths;
        string directory = paths.Container(definition.Id);
        if (joined is not null)
        {
            foreach (string name in (ReadOnlySpan<string>)["hosts", "hostname", "resolv.conf"])
                File.Copy(Path.Combine(paths.Container(joined), name), Path.Combine(directory, name), overwrite: true);
            return;
        }
        bool hostNetwork = definition.HostConfig.NetworkMode == "host";
        string hosts = HostsFile.Hosts(definition.HostConfig, hostName, facts);
        File.WriteAllText(Path.Combine(directory, "hosts"), hostNetwork && definition.HostConfig.ExtraHosts is not { Count: > 0 } ? Read("/etc/hosts", hosts) : hosts);
        File.WriteAllText(Path.Combine(directory, "hostname"), hostName + "\n");
        File.WriteAllText(Path.Combine(directory, "resolv.conf"), HostsFile.ResolvConf(definition.HostConfig, Read("/etc/resolv.conf", ""), facts));
    }

    /// <summary>The short form of a bind makes its missing source; the long form refuses it.</summary>
    public static void CheckBindSources(IReadOnlyList<PlannedMount> mounts)
    {
        foreach (PlannedMount mount in mounts.Where(static m => m.Type == "bind"))
        {
            if (Path.Exists(mount.Source))
                continue;
            if (!mount.CreateSource)
                throw EngineException.Invalid($"invalid mount config for type \"bind\": bind source path does not exist: {mount.Source}");
            try
            {
                Directory.CreateDirectory(mount.Source);
            }
            catch (IOException e)
            {
                throw new EngineException(EngineErrorKind.InvalidParameter, $"HostConfig.Binds: error while creating mount source path '{mount.Source}': {e.Message}", e);
            }
        }
    }

    private static string Read(string path, string otherwise)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (IOException)
        {
            return otherwise;
        }
    }
}
