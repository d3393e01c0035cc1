using System.Net;
using Berth.Images.Registry;
using Berth.Networks.Addresses;
using Microsoft.Extensions.Logging;

namespace Berth.Daemon.Hosting;

/// <summary>What the daemon was asked to be: flags first, then <c>BERTH_*</c> variables, then defaults.</summary>
internal sealed record DaemonOptions
{
    public const string Usage = """
        Usage: berthd [flags]

          -H, --host unix://PATH      socket to listen on; may be repeated (BERTH_HOST; default unix://RUN_ROOT/berth.sock)
              --data-root DIR         durable state (BERTH_DATA_ROOT; default /var/lib/berth)
              --run-root DIR          sockets and pid files (BERTH_RUN_ROOT; default /run/berth)
              --cgroup-parent PATH    control group above every container's (BERTH_CGROUP_PARENT; default /berth)
              --address-pool BASE,SIZE    where the subnets of networks come from, such as 10.99.0.0/16,24; may be repeated
                                          (BERTH_ADDRESS_POOL, separated by spaces)
              --userns-remap          containers get a user namespace and 65536 ids of their own unless they ask for
                                      --userns host (BERTH_USERNS_REMAP=1)
              --registry-mirror [DOMAIN=]URL
                                      asked before the registry DOMAIN, docker.io unless given; may be repeated
                                      (BERTH_REGISTRY_MIRRORS, separated by commas)
              --insecure-registry HOST[:PORT]|CIDR
                                      registry whose certificate is not checked and which may speak plain HTTP, as loopback
                                      may; may be repeated (BERTH_INSECURE_REGISTRIES, separated by commas)
              --log-level LEVEL       debug, info, warning or error (BERTH_LOG_LEVEL; default info)
              --allow-insecure-tcp    allow --host tcp://127.0.0.1:PORT: every local user then controls this machine as root
              --version               print the version
        """;

    public string DataRoot { get; init; } = "/var/lib/berth";

    public string RunRoot { get; init; } = "/run/berth";

    public string CgroupParent { get; init; } = "/berth";

    /// <summary>Where the subnets of networks come from.</summary>
    public IReadOnlyList<SubnetPool> AddressPools { get; init; } = SubnetPool.Default;

    /// <summary>Whether containers get a user namespace of their own by default.</summary>
    public bool UsernsRemap { get; init; }

    /// <summary>Mirrors and insecure registries.</summary>
    public RegistryConfig Registries { get; init; } = new();

    public LogLevel LogLevel { get; init; } = LogLevel.Information;

    /// <summary>Where to listen, unix sockets first; never empty after <see cref="Parse"/>.</summary>
    public IReadOnlyList<EndPoint> Listen { get; init; } = [];

    /// <summary>Reads arguments and environment; a wrong one is a <see cref="FormatException"/> that says what is right.</summary>
    public static DaemonOptions Parse(IReadOnlyList<string> arguments, Func<string, string?> environment)
    {
        var hosts = new List<string>();
        var pools = new List<string>();
        List<string> mirrors = [.. Several("BERTH_REGISTRY_MIRRORS")], insecureRegistries = [.. Several("BERTH_INSECURE_REGISTRIES")];
        var flags = new Dictionary<string, string>();
        bool insecure = false, remap = environment("BERTH_USERNS_REMAP") is "1" or "true";
        for (int i = 0; i < arguments.Count; i++)
        {
            int equals = arguments[i].IndexOf('=', StringComparison.Ordinal);
            string name = equals < 0 ? arguments[i] : arguments[i][..equals];
            switch (name)
            {
                case "--allow-insecure-tcp" when equals < 0:
                    insecure = true;
                    break;
                case "--userns-remap" when equals < 0 || arguments[i][(equals + 1)..] == "default":
                    remap = true;
                    break;
                case "--address-pool":
                    pools.Add(Value());
                    break;
                case "-H" or "--host":
                    hosts.Add(Value());
                    break;
                case "--registry-mirror":
                    mirrors.Add(Value());
                    break;
                case "--insecure-registry":
                    insecureRegistries.Add(Value());
                    break;
                case "--data-root" or "--run-root" or "--cgroup-parent" or "--log-level":
                    flags[name] = Value();
                    break;
                default:
                    throw new FormatException($"unknown argument {arguments[i]}; berthd --help lists what there is");
            }

            string Value()
            {
                string? value = equals >= 0 ? arguments[i][(equals + 1)..] : i + 1 < arguments.Count ? arguments[++i] : null;
                return string.IsNullOrEmpty(value) ? throw new FormatException($"{name} needs a value") : value;
            }
        }
        string Setting(string flag, string variable, string otherwise)
            => flags.GetValueOrDefault(flag) ?? (environment(variable) is { Length: > 0 } value ? value : otherwise);

        string[] Several(string variable) => environment(variable)?.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? [];

        string runRoot = AbsolutePath("--run-root", Setting("--run-root", "BERTH_RUN_ROOT", "/run/berth"));
        if (hosts.Count == 0)
        {
            hosts.Add(environment("BERTH_HOST") is { Length: > 0 } host ? host : $"unix://{runRoot}/berth.sock");
        }
        if (pools.Count == 0)
        {
            pools.AddRange((environment("BERTH_ADDRESS_POOL") ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries));
        }
        return new DaemonOptions
        {
            DataRoot = AbsolutePath("--data-root", Setting("--data-root", "BERTH_DATA_ROOT", "/var/lib/berth")),
            RunRoot = runRoot,
            CgroupParent = AbsolutePath("--cgroup-parent", Setting("--cgroup-parent", "BERTH_CGROUP_PARENT", "/berth")),
            AddressPools = pools.Count == 0 ? SubnetPool.Default : [.. pools.Select(SubnetPool.Parse)],
            UsernsRemap = remap,
            Registries = new RegistryConfig { Mirrors = [.. mirrors.Select(RegistryMirror.Parse)], Insecure = insecureRegistries },
            LogLevel = ParseLevel(Setting("--log-level", "BERTH_LOG_LEVEL", "info")),
            Listen = [.. hosts.Distinct().Select(host => ListenAddress.Parse(host, insecure)).OrderBy(point => point is IPEndPoint)],
        };
    }

    private static string AbsolutePath(string flag, string path) => path.StartsWith('/') && !path.Split('/').Contains("..")
        ? path.Length > 1 ? path.TrimEnd('/') : path
        : throw new FormatException($"{flag}: \"{path}\" must be an absolute path without ..");

    private static LogLevel ParseLevel(string level) => level.ToLowerInvariant() switch
    {
        "debug" => LogLevel.Debug,
        "info" => LogLevel.Information,
        "warning" or "warn" => LogLevel.Warning,
        "error" => LogLevel.Error,
        _ => throw new FormatException($"--log-level: \"{level}\" is none of debug, info, warning, error"),
    };
}
