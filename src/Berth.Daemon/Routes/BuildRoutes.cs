using System.Text.Json;
using Berth.Daemon.Http;
using Berth.Engine;
using Berth.Engine.Builds;
using Berth.Engine.Configuration;
using Berth.Images;
using Berth.Images.Building;
using Berth.Images.Registry;

namespace Berth.Daemon.Routes;

/// <summary>Builds by the classic call, and their cache. [DOCKER-API] "Build an image".</summary>
internal sealed class BuildRoutes(BuildService builds)
{
    private const string NoBuildKit = "BuildKit's own protocol is not served: set DOCKER_BUILDKIT=0 for docker build, or use berth build, which has the same Dockerfile language";
    private const int MaxSecrets = 32;
    private const int MaxSecretBytes = 512 * 1024;

    private readonly BuildSecrets _secrets = new(TimeProvider.System);

    public IEnumerable<Route> List() =>
    [
        new("POST", "/build", BuildAsync) { UnboundedBody = true },
        new("POST", "/build/cancel", _ => throw ApiException.NotImplemented(NoBuildKit)),
        new("POST", "/build/prune", Prune),
        new("POST", "/session", _ => throw ApiException.NotImplemented(NoBuildKit)),
        new("POST", "/grpc", _ => throw ApiException.NotImplemented(NoBuildKit)),
        new("POST", "/berth/build/secrets", KeepSecrets),
    ];

    private async Task BuildAsync(ApiCall call)
    {
        BuildRequest request;
        try
        {
            request = Read(call);
        }
        catch
        {
            // A client that is still sending would see a broken pipe instead of the message.
            await call.Body.CopyToAsync(Stream.Null, call.Stopping);
            throw;
        }
        bool quiet = call.Query.Flag("q");
        await BuildStream.RunAsync(call, new BuildStream(quiet, call.Query.Flag("steps")), async progress =>
        {
            string id = await builds.BuildAsync(request, call.Body, progress, call.Aborted);
            await progress.SendAsync(new ProgressLine { Aux = new ProgressAux { ID = id } });
            await progress.SendAsync(new ProgressLine { Stream = quiet ? $"{id}\n" : $"Successfully built {id[7..19]}\n" });
            foreach (ImageReference name in quiet ? [] : request.Names)
                await progress.SendAsync(new ProgressLine { Stream = $"Successfully tagged {name.WithDefaultTag().Familiar}\n" });
        });
    }

    private BuildRequest Read(ApiCall call)
    {
        ApiQuery query = call.Query;
        if (query.Text("version") == "2")
            throw ApiException.NotImplemented(NoBuildKit);
        if (query.Flag("squash"))
            throw ApiException.NotImplemented("squash is not supported: copy the result into a last stage, FROM scratch and COPY --from=…");
        IReadOnlyDictionary<string, RegistryCredentials> credentials = RegistryCredentials.ParseConfigHeader(call.Http.Request.Headers["X-Registry-Config"]);
        return new BuildRequest
        {
            Dockerfile = query.Text("dockerfile") ?? "Dockerfile",
            Remote = query.Text("remote") is { Length: > 0 } remote ? remote : null,
            Names = [.. query.Texts("t").Select(name => ImageReference.Parse(name) is { Digest: null } reference ? reference : throw ApiException.BadRequest($"t: {name}: a name with a digest cannot be given"))],
            Arguments = Pairs(query, "buildargs"),
            Labels = Pairs(query, "labels"),
            Target = query.Text("target"),
            NoCache = query.Flag("nocache"),
            Pull = query.Flag("pull"),
            Platform = query.Text("platform"),
            Commands = Commands(query),
            Secrets = query.Text("secrets") is { } token ? _secrets.Take(token) : new Dictionary<string, byte[]>(),
            Credentials = domain => credentials.GetValueOrDefault(domain, RegistryCredentials.Anonymous),
        };
    }

    private static HostConfig Commands(ApiQuery query) => new()
    {
        Runtime = query.Text("isolation") switch
        {
            null or "" or "default" or "container" => "container",
            "vm" => "vm",
            var other => throw ApiException.BadRequest($"isolation: \"{other}\" is not known: use container (default) or vm"),
        },
        NetworkMode = query.Text("networkmode") ?? "default",
        Memory = query.Long("memory") ?? 0,
        MemorySwap = query.Long("memswap") ?? 0,
        CpuShares = query.Long("cpushares") ?? 0,
        CpuPeriod = query.Long("cpuperiod") ?? 0,
        CpuQuota = query.Long("cpuquota") ?? 0,
        CpusetCpus = query.Text("cpusetcpus"),
        CpusetMems = query.Text("cpusetmems"),
        CgroupParent = query.Text("cgroupparent"),
        ShmSize = query.Long("shmsize") ?? 0,
        ExtraHosts = query.Texts("extrahosts"),
        SecurityOpt = query.Text("securityopt") is { } options ? Json(options, "securityopt", EngineJson.Wire.IReadOnlyListString) : null,
        Ulimits = query.Text("ulimits") is { } limits ? Json(limits, "ulimits", EngineJson.Wire.IReadOnlyListUlimit) : null,
    };

    // {"NAME":"value"}; null is a name without a value in the client's environment.
    private static Dictionary<string, string> Pairs(ApiQuery query, string name)
    {
        Dictionary<string, string>? pairs = query.Text(name) is { } text ? Json(text, name, DockerJson.Wire.DictionaryStringString) : null;
        return pairs?.Where(static pair => pair.Value is not null).ToDictionary(static pair => pair.Key, static pair => pair.Value) ?? [];
    }

    private static T? Json<T>(string text, string name, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type) where T : class
    {
        try
        {
            return JsonSerializer.Deserialize(text, type);
        }
        catch (JsonException e)
        {
            throw ApiException.BadRequest($"query parameter {name} is malformed: {e.Message}");
        }
    }

    private async Task KeepSecrets(ApiCall call)
    {
        using JsonDocument body = await call.ReadDocument() ?? throw ApiException.BadRequest("the request body must be a JSON object");
        var secrets = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        foreach (JsonProperty secret in body.RootElement.ValueKind == JsonValueKind.Object ? body.RootElement.EnumerateObject() : throw ApiException.BadRequest("the request body must be a JSON object"))
        {
            if (secret.Value.ValueKind != JsonValueKind.String || !secret.Value.TryGetBytesFromBase64(out byte[]? content) || content.Length > MaxSecretBytes || secrets.Count == MaxSecrets)
                throw ApiException.BadRequest($"secrets are base64 texts by id, at most {MaxSecrets} of at most {MaxSecretBytes} bytes");
            secrets[secret.Name] = content;
        }
        await call.Json(new IdAnswer(_secrets.Keep(secrets)), DockerJson.Wire.IdAnswer, 201);
    }

    private Task Prune(ApiCall call)
    {
        FilterSet filters = call.Query.Filters();
        filters.Allow("until", "unused-for");
        string? until = filters["until"].Concat(filters["unused-for"]).FirstOrDefault();
        DateTimeOffset? before = until is null ? null : DockerTime.Parse(until, "until", TimeProvider.System.GetUtcNow());
        PrunedSteps pruned = builds.Prune(call.Query.Long("keep-storage") ?? call.Query.Long("reserved-space") ?? 0, before);
        return call.Json(new CachePrunedView(pruned.Ids, pruned.Bytes), DockerJson.Wire.CachePrunedView);
    }
}
