using System.Text.Json.Nodes;
using Berth.Containers.Security;
using Berth.Containers.Spec;

namespace Berth.Oci.Commands;

/// <summary><c>features</c>: what this runtime can do. [OCI-RT] features.md, features-linux.md.</summary>
internal static class FeaturesCommand
{
    public static int Run(Session session, IReadOnlyList<string> words)
    {
        if (Arguments.Parse(words, [], []).Words.Count > 0) throw new OciException("features takes no arguments");
        JsonObject features = new()
        {
            ["ociVersionMin"] = "1.0.0",
            ["ociVersionMax"] = Program.SpecVersion,
            ["hooks"] = Texts(["prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"]),
            ["mountOptions"] = Texts(
            [
                "async", "atime", "bind", "defaults", "dev", "diratime", "exec", "noatime", "nodev", "nodiratime", "noexec", "norelatime", "nostrictatime", "nosuid", "nosymfollow",
                "private", "ratime", "rbind", "rdev", "rdiratime", "relatime", "rexec", "rnoatime", "rnodev", "rnodiratime", "rnoexec", "rnosuid", "rnosymfollow", "ro", "rprivate",
                "rrelatime", "rro", "rrw", "rshared", "rslave", "rstrictatime", "rsuid", "rsymfollow", "runbindable", "rw", "shared", "slave", "strictatime", "suid", "symfollow",
                "tmpcopyup", "unbindable",
            ]),
            ["linux"] = new JsonObject
            {
                ["namespaces"] = Texts(NamespaceType.All),
                ["capabilities"] = Texts(Enum.GetNames<Capability>().Select(static c => $"CAP_{c}")),
                ["cgroup"] = new JsonObject { ["v1"] = true, ["v2"] = true, ["systemd"] = false, ["systemdUser"] = false, ["rdma"] = false },
                ["seccomp"] = new JsonObject { ["enabled"] = true },
                ["apparmor"] = new JsonObject { ["enabled"] = false },
                ["selinux"] = new JsonObject { ["enabled"] = false },
                ["intelRdt"] = new JsonObject { ["enabled"] = false },
            },
            ["annotations"] = new JsonObject { ["io.berth.oci.version"] = Program.Version },
        };
        Console.Out.WriteLine(features.ToJsonString());
        return 0;
    }

    private static JsonArray Texts(IEnumerable<string> texts) => [.. texts.Select(static t => (JsonNode)JsonValue.Create(t))];
}
