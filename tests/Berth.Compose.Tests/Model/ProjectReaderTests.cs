using Berth.Compose.Model;

namespace Berth.Compose.Tests.Model;

public sealed class ProjectReaderTests
{
    [Theory]
    [InlineData("services: {s: {image: i, comand: x}}", "compose.yaml:1:26: unknown attribute \"comand\" of services.s; did you mean \"command\"?")]
    [InlineData("service: {}", "unknown attribute \"service\" of the file; did you mean \"services\"?")]
    [InlineData("services:\n  s:\n    image: i\n    deploy: {replica: 2}", "compose.yaml:4:14: unknown attribute \"replica\"")]
    [InlineData("services: {s: {command: x}}", "neither image nor build")]
    [InlineData("services: {s: {image: i, depends_on: [t]}}", "depends on \"t\", which is not there")]
    [InlineData("services: {a: {image: i, depends_on: [b]}, b: {image: i, depends_on: [a]}}", "in a circle")]
    [InlineData("services: {a: {image: i, network_mode: 'service:a'}}", "in a circle")]
    [InlineData("services: {s: {image: i, volumes: ['dta:/d']}}\nvolumes: {data: }", "volume \"dta\", which is not defined; did you mean \"data\"?")]
    [InlineData("services: {s: {image: i, networks: [n]}}", "network \"n\", which is not defined")]
    [InlineData("services: {s: {image: i, secrets: [x]}}", "secret \"x\", which is not defined")]
    [InlineData("services: {s: {image: i, ports: ['70000:1']}}", "invalid port")]
    [InlineData("services: {s: {image: i, ports: ['1-3:1-2']}}", "same number of ports")]
    [InlineData("services: {s: {image: i, privileged: maybe}}", "true or false is expected")]
    [InlineData("services: {s: {image: i, mem_limit: 3parsecs}}", "a size as")]
    [InlineData("services: {s: {image: i, stop_grace_period: soon}}", "a duration as")]
    [InlineData("services: {s: {image: i, restart: sometimes}}", "restart is \"sometimes\"")]
    [InlineData("services: {s: {image: i, container_name: c, scale: 2}}", "cannot have more than one container")]
    [InlineData("services: {s: {image: i, network_mode: host, networks: [default]}}", "both network_mode and networks")]
    [InlineData("services: {s: {image: i, healthcheck: {test: [ls]}}}", "must begin with NONE, CMD or CMD-SHELL")]
    [InlineData("services: {s: {image: i, depends_on: {t: {condition: healthy}}}, t: {image: i}}", "service_healthy")]
    [InlineData("services: {'a b': {image: i}}", "invalid service name")]
    [InlineData("services: [a]", "a mapping is expected")]
    [InlineData("services: {s: {image: [i]}}", "a text is expected")]
    [InlineData("services: {s: {image: i}}\nsecrets: {x: {file: a, content: b}}", "one of file, environment and content")]
    [InlineData("services: {s: {image: '${X:?set X}'}}", "required variable X is missing a value: set X")]
    [InlineData("services: {s: {image: 'a$'}}", "compose.yaml:1:23: a lone $")]
    public void Load_Wrong_NamesPlaceAndRemedy(string compose, string part) => Assert.Contains(part, ComposeFolder.ComplaintAbout(compose));

    [Fact]
    public void Load_ExtensionsAndTheIgnored_AreAllowed() => Assert.Single(ComposeFolder.Of(
        "x-a: {b: c}\nversion: '3'\nservices: {s: {image: i, x-y: 1, develop: {watch: []}, deploy: {mode: replicated, placement: {}, x-z: 1}}}\nnetworks: {default: {x-n: 1}}").Services);

    [Fact]
    public void Load_Ports_ShortFormsAndRanges()
    {
        var ports = ComposeFolder.Of("services: {s: {image: i, ports: [80, '8080:81', '127.0.0.1::82', '[::1]:90:83/udp', '9000-9001:84-85', '9100-9105:86', {target: 87, published: 99, host_ip: 1.2.3.4}]}}").Services["s"].Network.Ports;
        Assert.Equal(
            ["80/tcp  ", "81/tcp 8080 ", "82/tcp  127.0.0.1", "83/udp 90 ::1", "84/tcp 9000 ", "85/tcp 9001 ", "86/tcp 9100-9105 ", "87/tcp 99 1.2.3.4"],
            ports.Select(port => $"{port.Target} {port.Published} {port.Address}"));
    }

    [Fact]
    public void Load_Limits_InEngineUnits()
    {
        var limits = ComposeFolder.Of("services: {s: {image: i, mem_limit: 1g, cpu_shares: 5, cpu_period: 50ms, deploy: {resources: {limits: {cpus: '1.5', memory: 64m, pids: 9}, reservations: {memory: 32m}}}}}").Services["s"].Host.Limits;
        Assert.Equal(
            ["CpuPeriod=50000", "CpuShares=5", "Memory=67108864", "MemoryReservation=33554432", "NanoCpus=1500000000", "PidsLimit=9"],
            limits.Select(pair => $"{pair.Key}={pair.Value.ToJsonString()}").Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Load_SecretsAndConfigs_TargetsAndContent()
    {
        using ComposeFolder folder = new("services: {s: {image: i, secrets: [a, {source: b, target: x, mode: 0400, uid: '7'}], configs: [c, {source: c, target: /etc/c}]}}\nsecrets: {a: {file: ./f}, b: {environment: V}}\nconfigs: {c: {content: 'v=$V'}}\n");
        folder.Environment["V"] = "value";
        var project = folder.Load();
        var storage = project.Services["s"].Storage;
        Assert.Equal(["/run/secrets/a", "/run/secrets/x", "/c", "/etc/c"], storage.Secrets.Concat(storage.Configs).Select(grant => grant.Target));
        Assert.Equal((7, 0b100_000_000), (storage.Secrets[1].Uid, storage.Secrets[1].Mode));
        Assert.Equal(($"{folder.Path}/f", "value", "v=value"), (project.Secrets["a"].File, project.Secrets["b"].Content, project.Configs["c"].Content));
    }

    [Fact]
    public void Load_Links_BecomeDependenciesAndAliases()
    {
        var services = ComposeFolder.Of("services: {a: {image: i, links: ['b:other', c]}, b: {image: i}, c: {image: i}}").Services;
        Assert.Equal(["b", "c"], services["a"].DependsOn.Select(one => one.Service));
        Assert.Equal(["other"], services["b"].Network.Endpoints[0].Aliases);
    }

    [Fact]
    public void Hash_ChangesWithWhatMakesAContainerOnly()
    {
        static string Hash(string attributes, string rest = "") => ComposeFolder.Of($"services: {{s: {{image: i, {attributes}}}, t: {{image: i}}}}\n{rest}").Services["s"].Hash;
        var plain = Hash("user: u");
        Assert.Equal(plain, Hash("user: u, scale: 3, profiles: [], depends_on: [t], pull_policy: always, deploy: {replicas: 3}"));
        Assert.NotEqual(plain, Hash("user: v"));
        Assert.NotEqual(plain, Hash("user: u, deploy: {resources: {limits: {memory: 1m}}}"));
        Assert.NotEqual(Hash("secrets: [x]", "secrets: {x: {content: a}}"), Hash("secrets: [x]", "secrets: {x: {content: b}}"));
    }

    [Fact]
    public void Write_ThenLoad_GivesTheSameHashes()
    {
        using ComposeFolder folder = new("services:\n  s:\n    image: i\n    command: echo '$$X' \"a b\"\n    ports: ['80-81:80-81']\n    environment: [A=1, B]\n    volumes: ['v:/v', './x:/x:ro']\n    extra_hosts: ['h=1.2.3.4']\n    ulimits: {nofile: 5}\nvolumes: {v: }\n");
        var project = folder.Load();
        folder.Write("compose.yaml", Yaml.YamlText.Write(CanonicalProject.Write(project, project.Services.Keys.ToHashSet())));
        var again = folder.Load();
        Assert.Equal(["echo", "$X", "a b"], again.Services["s"].Process.Command);
        Assert.Equal(project.Services["s"].Hash, again.Services["s"].Hash);
    }
}
