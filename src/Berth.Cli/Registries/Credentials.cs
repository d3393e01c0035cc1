using System.Text;

namespace Berth.Cli.Registries;

/// <summary>A user of a registry.</summary>
/// <param name="Username">Name; <c>&lt;token&gt;</c> says that the secret is an identity token.</param>
/// <param name="Secret">Password or identity token.</param>
internal sealed record Credentials(string Username, string Secret)
{
    /// <summary>What a name must be for the secret to be an identity token.</summary>
    public const string TokenUser = "<token>";

    /// <summary>The X-Registry-Auth header that tells the daemon: base64url of JSON. [DOCKER-API] "Authentication".</summary>
    public string ToHeader(string registry) => Convert.ToBase64String(ToJson(registry)).Replace('+', '-').Replace('/', '_');

    /// <summary>Docker's AuthConfig.</summary>
    public byte[] ToJson(string registry) => JsonWriting.Object(json => Write(json, registry));

    /// <summary>Writes Docker's AuthConfig as a member of an object.</summary>
    public void WriteTo(JsonText json, string name, string registry)
    {
        json.WriteStartObject(name);
        Write(json, registry);
        json.WriteEndObject();
    }

    private void Write(JsonText json, string registry)
    {
        if (Username == TokenUser)
        {
            json.WriteString("identitytoken", Secret);
        }
        else
        {
            json.WriteString("username", Username);
            json.WriteString("password", Secret);
        }
        json.WriteString("serveraddress", RegistryName.Key(registry));
    }

    /// <summary>The form of the config file: base64 of <c>user:password</c>.</summary>
    public string ToBasic() => Convert.ToBase64String(Encoding.UTF8.GetBytes($"{Username}:{Secret}"));

    /// <summary>Reads <see cref="ToBasic"/>'s form; null when it is none.</summary>
    public static Credentials? FromBasic(string text)
    {
        var bytes = new byte[text.Length];
        if (!Convert.TryFromBase64String(text, bytes, out var count))
        {
            return null;
        }
        var both = Encoding.UTF8.GetString(bytes, 0, count).TrimEnd('\0');
        var colon = both.IndexOf(':', StringComparison.Ordinal);
        return colon <= 0 ? null : new Credentials(both[..colon], both[(colon + 1)..]);
    }
}
