namespace Berth.Oci.Commands;

/// <summary><c>create</c>: [OCI-RT] runtime.md, Create.</summary>
internal static class CreateCommand
{
    public static int Run(Session session, IReadOnlyList<string> words)
    {
        Arguments given = Arguments.Parse(words, ["no-pivot", "no-new-keyring", "no-subreaper"], ["bundle|b", "config|f", "console-socket", "pid-file", "preserve-fds"]);
        string id = given.Id("create");
        Bundle bundle = Bundle.Open(given.Value("bundle") ?? ".", given.Value("config"));
        ContainerCreation.Create(session, id, bundle, given.Value("console-socket"), given.Value("pid-file"));
        return 0;
    }
}
