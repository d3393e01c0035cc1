using System.Text.Json;
using System.Text.Json.Nodes;
using Berth.Cli.Api;

namespace Berth.Cli.Registries;

/// <summary>
/// The docker CLI's <c>config.json</c>: credentials themselves (<c>auths</c>), or the helpers that keep them (<c>credHelpers</c>,
/// <c>credsStore</c>). What else is in it stays as it is. [DOCKER-CLI] "docker login".
/// </summary>
internal sealed class CredentialFile(string path)
{
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>The file of this user: in <c>DOCKER_CONFIG</c>, else <c>~/.docker</c>.</summary>
    public static CredentialFile Default(Func<string, string?> environment) => new(System.IO.Path.Combine(
        environment("DOCKER_CONFIG") is { Length: > 0 } folder ? folder : System.IO.Path.Combine(environment("HOME") is { Length: > 0 } home ? home : "/root", ".docker"),
        "config.json"));

    /// <summary>Where it is.</summary>
    public string Path { get; } = path;

    /// <summary>The credentials for a registry; null when there are none.</summary>
    public Credentials? Get(string registry)
    {
        var root = Read();
        var key = RegistryName.Key(registry);
        if (HelperOf(root, registry) is { } helper)
        {
            return helper.Get(key);
        }
        foreach (var (name, entry) in root["auths"] as JsonObject ?? [])
        {
            if (entry is JsonObject found && (name == key || RegistryName.OfAddress(name) == registry))
            {
                if (Text(found, "identitytoken") is { Length: > 0 } token)
                {
                    return new Credentials(Credentials.TokenUser, token);
                }
                if (Credentials.FromBasic(Text(found, "auth")) is { } credentials)
                {
                    return credentials;
                }
            }
        }
        return null;
    }

    /// <summary>All credentials as the X-Registry-Config header tells them: base64url of JSON by registry. [DOCKER-API] "Build an image".</summary>
    public string ToConfigHeader()
    {
        var root = Read();
        IEnumerable<string> named = [.. (root["auths"] as JsonObject ?? []).Select(entry => RegistryName.OfAddress(entry.Key)), .. (root["credHelpers"] as JsonObject ?? []).Select(entry => entry.Key)];
        var json = JsonWriting.Object(json =>
        {
            foreach (var registry in named.Distinct())
            {
                if (Get(registry) is { } credentials)
                {
                    credentials.WriteTo(json, RegistryName.Key(registry), registry);
                }
            }
        });
        return Convert.ToBase64String(json).Replace('+', '-').Replace('/', '_');
    }

    /// <summary>Keeps credentials; true when they lie unencrypted in the file itself.</summary>
    public bool Set(string registry, Credentials credentials)
    {
        var root = Read();
        var key = RegistryName.Key(registry);
        if (HelperOf(root, registry) is { } helper)
        {
            helper.Store(key, credentials);
            return false;
        }
        if (root["auths"] is not JsonObject auths)
        {
            root["auths"] = auths = [];
        }
        auths[key] = new JsonObject { ["auth"] = credentials.ToBasic() };
        Write(root);
        return true;
    }

    /// <summary>Forgets credentials; false when there were none in the file.</summary>
    public bool Remove(string registry)
    {
        var root = Read();
        var key = RegistryName.Key(registry);
        if (HelperOf(root, registry) is { } helper)
        {
            helper.Erase(key);
        }
        if (root["auths"] is not JsonObject auths)
        {
            return false;
        }
        string[] doomed = [.. auths.Select(entry => entry.Key).Where(name => name == key || RegistryName.OfAddress(name) == registry)];
        foreach (var name in doomed)
        {
            auths.Remove(name);
        }
        if (doomed.Length > 0)
        {
            Write(root);
        }
        return doomed.Length > 0;
    }

    private static CredentialHelper? HelperOf(JsonObject root, string registry) =>
        root["credHelpers"] is JsonObject helpers && Text(helpers, registry) is { Length: > 0 } special ? new CredentialHelper(special)
        : Text(root, "credsStore") is { Length: > 0 } store ? new CredentialHelper(store)
        : null;

    private static string Text(JsonObject entry, string name) => entry[name] is JsonValue value && value.TryGetValue(out string? text) ? text : "";

    private JsonObject Read()
    {
        if (!File.Exists(Path))
        {
            return [];
        }
        try
        {
            return JsonNode.Parse(File.ReadAllText(Path)) as JsonObject ?? throw new CliException($"{Path} is not a JSON object");
        }
        catch (JsonException e)
        {
            throw new CliException($"{Path} is not JSON: {e.Message}");
        }
    }

    private void Write(JsonObject root)
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(Path)!, Private | UnixFileMode.UserExecute);
        using MemoryStream text = new();
        using (Utf8JsonWriter writer = new(text, new JsonWriterOptions { Indented = true, IndentCharacter = '\t', IndentSize = 1 }))
        {
            root.WriteTo(writer);
        }
        var next = Path + ".new";
        using (FileStream file = new(next, new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, UnixCreateMode = Private }))
        {
            file.Write(text.ToArray());
            file.Flush(flushToDisk: true);
        }
        File.Move(next, Path, overwrite: true);
    }
}
