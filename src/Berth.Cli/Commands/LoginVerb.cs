using Berth.Cli.Api;
using Berth.Cli.CommandLine;
using Berth.Cli.Registries;
using Berth.Cli.Terminal;

namespace Berth.Cli.Commands;

/// <summary><c>berth login</c>: asks a registry whether it takes a name and password, and keeps them as docker does.</summary>
internal sealed class LoginVerb : Verb
{
    private readonly TextFlag _username = new("username", 'u', "NAME", "User name");
    private readonly TextFlag _password = new("password", 'p', "PASSWORD", "Password; it shows in the list of processes, so prefer --password-stdin");
    private readonly BoolFlag _stdin = new("password-stdin", "Read the password from standard input");

    public override string Usage => "[OPTIONS] [REGISTRY]";

    public override IReadOnlyList<string> Examples => ["login registry.example.org", "login -u ann --password-stdin localhost:5000"];

    public override Flag[] Flags => [_username, _password, _stdin];

    public override int MaximumArguments => 1;

    public override int Run(CommandContext context, IReadOnlyList<string> arguments)
    {
        if (_stdin.Value && (_password.Value is not null || _username.Value is null))
        {
            throw new UsageException("--password-stdin goes with --username and without --password");
        }
        var registry = RegistryName.OfAddress(arguments.Count > 0 ? arguments[0] : "");
        var name = _username.Value ?? Prompt.Ask(context, "Username: ", hidden: false);
        var password = _password.Value ?? (_stdin.Value ? Prompt.ReadLine(context) : Prompt.Ask(context, "Password: ", hidden: true));
        if (name.Length == 0 || password.Length == 0)
        {
            throw new CliException("user name and password are needed");
        }
        Credentials credentials = new(name, password);
        using (var answer = context.Api.Post("/auth", credentials.ToJson(registry)))
        {
            var token = answer is null ? "" : Output.JsonFields.Text(answer.RootElement, "IdentityToken");
            credentials = token.Length > 0 ? new Credentials(Credentials.TokenUser, token) : credentials;
        }
        var file = CredentialFile.Default(Environment.GetEnvironmentVariable);
        if (file.Set(registry, credentials))
        {
            context.Error.WriteLine($"{context.ErrorColors.Yellow("WARNING:")} the password is kept unencrypted in {file.Path}; a credential helper (credsStore) keeps it safer");
        }
        context.Out.WriteLine("Login Succeeded");
        return 0;
    }
}
