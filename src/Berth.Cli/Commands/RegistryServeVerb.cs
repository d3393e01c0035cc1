using Berth.Cli.CommandLine;

namespace Berth.Cli.Commands;

/// <summary><c>berth registry serve</c>: a registry in a directory.</summary>
internal sealed class RegistryServeVerb : Verb
{
    private readonly TextFlag _listen = new("listen", "ADDRESS:PORT", "Where to listen (default 127.0.0.1:5000)");
    private readonly TextFlag _certificate = new("tls-cert", "FILE", "Certificate chain, PEM") { Completes = CompletionSource.Files };
    private readonly TextFlag _key = new("tls-key", "FILE", "Private key of the certificate, PEM") { Completes = CompletionSource.Files };
    private readonly TextFlag _htpasswd = new("htpasswd", "FILE", "Users, as 'berth registry htpasswd' writes them") { Completes = CompletionSource.Files };
    private readonly BoolFlag _readOnly = new("read-only", "No pushes, no deletions");
    private readonly NumberFlag _maxBlob = new("max-blob-bytes", "N", "Largest blob in bytes (default 64 GiB)");
    private readonly NumberFlag _maxUploads = new("max-uploads", "N", "Uploads open at a time (default 1000)");

    public override string Usage => "[OPTIONS] DIR";

    public override IReadOnlyList<string> Examples =>
    [
        "registry serve /srv/registry",
        "registry serve --listen 0.0.0.0:443 --tls-cert cert.pem --tls-key key.pem --htpasswd users /srv/registry",
    ];

    public override Flag[] Flags => [_listen, _certificate, _key, _htpasswd, _readOnly, _maxBlob, _maxUploads];

    public override int MinimumArguments => 1;

    public override int MaximumArguments => 1;

    public override CompletionSource Completes => CompletionSource.Files;

    public override int Run(CommandContext context, IReadOnlyList<string> arguments)
    {
        List<string> words = ["serve"];
        foreach (var flag in (TextFlag[])[_listen, _certificate, _key, _htpasswd])
        {
            Add(flag, flag.Value);
        }
        foreach (var flag in (NumberFlag[])[_maxBlob, _maxUploads])
        {
            Add(flag, flag.Value?.ToString(System.Globalization.CultureInfo.InvariantCulture));
        }
        if (_readOnly.Value)
        {
            words.Add("--read-only");
        }
        return RegistryProgram.Become([.. words, Path.GetFullPath(arguments[0])]);

        void Add(Flag flag, string? value) => words.AddRange(value is null ? [] : [$"--{flag.Name}", value]);
    }
}
