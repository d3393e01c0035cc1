namespace Berth.Testing;

/// <summary>Where the checkout and its built programs are.</summary>
public static class Repository
{
    /// <summary>The folder that holds <c>Berth.slnx</c>.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>The folder with the published <c>berth</c>, <c>berthd</c> and <c>berth-supervisor</c>; <c>BERTH_BIN</c> overrides it.</summary>
    public static string Programs { get; } =
        Environment.GetEnvironmentVariable("BERTH_BIN") ?? Path.Combine(Root, "out");

    /// <summary>Path of a published program; fails with what to run when it was not built.</summary>
    public static string Program(string name)
    {
        string path = Path.Combine(Programs, name);
        return File.Exists(path) ? path : throw new FileNotFoundException($"{path} is missing: run scripts/build first");
    }

    private static string FindRoot()
    {
        for (DirectoryInfo? d = new(AppContext.BaseDirectory); d is not null; d = d.Parent)
            if (File.Exists(Path.Combine(d.FullName, "Berth.slnx")))
                return d.FullName;
        throw new DirectoryNotFoundException("Berth.slnx not found above the test's folder");
    }
}
