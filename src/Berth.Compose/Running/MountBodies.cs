using System.Text.Json.Nodes;
using Berth.Compose.Model;
using Berth.Compose.Planning;

namespace Berth.Compose.Running;

/// <summary>Writes the mounts of a service into HostConfig.</summary>
internal static class MountBodies
{
    /// <summary>Writes Binds, Mounts and Tmpfs. Files of secrets and configs are binds of the file itself.</summary>
    public static void Write(JsonObject body, Project project, Service service, IReadOnlyList<AnonymousVolume> inherited)
    {
        var binds = service.Storage.Binds.ToJson();
        JsonArray mounts = [];
        foreach (var mount in service.Storage.Mounts.Where(mount => mount.Source is not null || mount.Type == "tmpfs"))
        {
            if (AsBind(project, mount) is { } bind)
            {
                binds.Add((JsonNode)bind);
            }
            else
            {
                mounts.Add((JsonNode)AsMount(project, mount));
            }
        }
        var taken = service.Storage.Mounts.Where(mount => mount.Source is not null).Select(mount => mount.Target).ToHashSet();
        foreach (var volume in inherited.Where(volume => !taken.Contains(volume.Target)))
        {
            binds.Add((JsonNode)$"{volume.Name}:{volume.Target}");
        }
        foreach (var (grant, file) in Files(project, service).Where(one => one.File.File is not null))
        {
            mounts.Add((JsonNode)new JsonObject { ["Type"] = "bind", ["Source"] = file.File, ["Target"] = grant.Target, ["ReadOnly"] = true });
        }
        if (binds.Count > 0)
        {
            body["Binds"] = binds;
        }
        if (mounts.Count > 0)
        {
            body["Mounts"] = mounts;
        }
        if (service.Storage.Tmpfs.Count > 0)
        {
            body["Tmpfs"] = service.Storage.Tmpfs.Select(text => text.Split(':', 2)).ToDictionary(parts => parts[0], parts => parts.Length > 1 ? parts[1] : "").ToJson();
        }
    }

    /// <summary>The secrets and configs of a service.</summary>
    public static IEnumerable<(FileGrant Grant, FileResource File)> Files(Project project, Service service) =>
        service.Storage.Secrets.Select(grant => (grant, project.Secrets[grant.Source])).Concat(service.Storage.Configs.Select(grant => (grant, project.Configs[grant.Source])));

    // Only the short form makes a missing directory; a path with a colon cannot be written in it.
    private static string? AsBind(Project project, Mount mount)
    {
        var source = mount.Type == "volume" ? project.Volumes[mount.Source!].Name : mount.Source;
        if (mount.Type == "tmpfs" || mount.Subpath is not null || (mount.Type == "bind" && !mount.CreateHostPath) || source!.Contains(':', StringComparison.Ordinal) || mount.Target.Contains(':', StringComparison.Ordinal))
        {
            return null;
        }
        List<string> options = [mount.ReadOnly ? "ro" : "rw"];
        if (mount.Propagation is not null)
        {
            options.Add(mount.Propagation);
        }
        if (mount.NoCopy)
        {
            options.Add("nocopy");
        }
        return $"{source}:{mount.Target}:{string.Join(',', options)}";
    }

    private static JsonObject AsMount(Project project, Mount mount)
    {
        JsonObject body = new() { ["Type"] = mount.Type, ["Target"] = mount.Target, ["ReadOnly"] = mount.ReadOnly };
        if (mount.Source is not null)
        {
            body["Source"] = mount.Type == "volume" ? project.Volumes[mount.Source].Name : mount.Source;
        }
        switch (mount.Type)
        {
            case "bind" when mount.Propagation is not null:
                body["BindOptions"] = new JsonObject { ["Propagation"] = mount.Propagation };
                break;
            case "volume":
                JsonObject volume = new() { ["NoCopy"] = mount.NoCopy };
                if (mount.Subpath is not null)
                {
                    volume["Subpath"] = mount.Subpath;
                }
                body["VolumeOptions"] = volume;
                break;
            case "tmpfs" when mount.TmpfsSize is not null || mount.TmpfsMode is not null:
                JsonObject tmpfs = [];
                if (mount.TmpfsSize is { } size)
                {
                    tmpfs["SizeBytes"] = size;
                }
                if (mount.TmpfsMode is { } mode)
                {
                    tmpfs["Mode"] = mode;
                }
                body["TmpfsOptions"] = tmpfs;
                break;
        }
        return body;
    }
}
