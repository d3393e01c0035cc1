using System.Text;
using Berth.Compose.Loading;
using Berth.Compose.Model;
using Berth.Compose.Yaml;

namespace Berth.Compose.Tests.Loading;

/// <summary>Mutated and random texts: whatever they hold, the answer is a value or a complaint, and a text that was read once is written so that it reads the same.</summary>
public sealed class FuzzTests
{
    private const int Rounds = 4000;

    private const string Seed = """
        name: p
        x-base: &base {image: busybox, restart: "on-failure:3", environment: [A=1, "B=${B:-2}"]}
        services:
          web:
            <<: *base
            command: sh -c 'echo $$HOME "x y"'
            ports: ["8080-8082:80-82", "127.0.0.1::53/udp", {target: 9, published: "10"}]
            volumes: [data:/data:ro, ./x:/x, /anon, {type: tmpfs, target: /t, tmpfs: {size: 1m, mode: 0700}}]
            depends_on: {db: {condition: service_healthy, restart: true}}
            networks: {default: {aliases: [w]}, back: {ipv4_address: 10.1.1.1}}
            deploy: {replicas: 2, resources: {limits: {cpus: "0.5", memory: 64m}}}
            ulimits: {nofile: {soft: 1, hard: 2}, nproc: 3}
            secrets: [s, {source: s, target: /x, mode: 0440}]
          db:
            extends: {service: web2}
            healthcheck: {test: "true", interval: 1m30s, retries: 3}
          web2: {image: busybox, sysctls: {a.b: 1}, extra_hosts: ["a:1.2.3.4", "b=::1"]}
        networks: {back: {ipam: {config: [{subnet: 10.1.1.0/24}]}}}
        volumes: {data: }
        secrets: {s: {content: "x"}}
        """;

    private static readonly string[] s_parts =
        ["${", "}", "$", ":-", "*base", "&a ", "<<: ", "!reset ", "!override ", "- ", "[", "]", "{", "}", "\"", "'", "\n", "  ", ": ", "null", "~", "0", "-1", "99999999999999999999", "\0", "\uFEFF", "🚢", "é", "|\n", ">-\n", "? ", "---\n", "...\n", "#", "%YAML 1.2\n", "\t", "service:web", "x".PadRight(300, 'x')];

    [Fact]
    public void Load_MutatedFiles_GivesAProjectOrAComplaint()
    {
        using ComposeFolder folder = new();
        Random random = new(20261127);
        var loaded = 0;
        for (var i = 0; i < Rounds; i++)
        {
            var text = Mutate(Seed, random);
            folder.Write("compose.yaml", text);
            try
            {
                var project = folder.Load();
                loaded++;
                var written = YamlText.Write(CanonicalProject.Write(project, project.Services.Keys.ToHashSet()));
                folder.Write("compose.yaml", written);
                var again = folder.Load();
                Assert.Equal(project.Services.Keys.Order(), again.Services.Keys.Order());
                Assert.Equal(written, YamlText.Write(CanonicalProject.Write(again, again.Services.Keys.ToHashSet())));
            }
            catch (ComposeException e)
            {
                Assert.NotEmpty(e.Message);
            }
        }
        Assert.True(loaded > Rounds / 50, $"only {loaded} of {Rounds} mutations are projects: too destructive to reach the model");
    }

    [Fact]
    public void Read_RandomBytes_GivesNodesOrAComplaint()
    {
        Random random = new(7);
        for (var i = 0; i < Rounds; i++)
        {
            StringBuilder text = new();
            for (var j = random.Next(40); j >= 0; j--)
            {
                text.Append(random.Next(3) == 0 ? ((char)random.Next(1, 0x250)).ToString() : s_parts[random.Next(s_parts.Length)]);
            }
            try
            {
                _ = YamlReader.Read("f", text.ToString());
            }
            catch (ComposeException)
            {
                // Refused in words.
            }
            try
            {
                _ = EnvFile.Parse("f", text.ToString(), _ => "v");
            }
            catch (ComposeException)
            {
                // Refused in words.
            }
            try
            {
                _ = new Interpolation(name => name.Length % 2 == 0 ? name : null, _ => { }).Replace(text.ToString());
            }
            catch (Exception e) when (e is FormatException or ComposeException)
            {
                // Refused in words.
            }
        }
    }

    private static string Mutate(string text, Random random)
    {
        StringBuilder result = new(text);
        for (var count = random.Next(1, 4); count > 0; count--)
        {
            var at = random.Next(result.Length);
            switch (random.Next(4))
            {
                case 0:
                    result.Remove(at, Math.Min(random.Next(1, 12), result.Length - at));
                    break;
                case 1:
                    result.Insert(at, s_parts[random.Next(s_parts.Length)]);
                    break;
                case 2:
                    result[at] = (char)random.Next(9, 128);
                    break;
                default:
                    var from = random.Next(text.Length - 20);
                    result.Insert(at, text.AsSpan(from, random.Next(1, 20)));
                    break;
            }
        }
        return result.ToString();
    }
}
