namespace Berth.Images.Bootstrap;

/// <summary>
/// How far debootstrap has come, read from what it prints: <c>I: Validating bash 5.2.15-2+b7</c> after each download, then Extracting,
/// Unpacking and Configuring for the same packages. How many they are is known when all have been downloaded; before that it is guessed.
/// </summary>
internal sealed class DebootstrapProgress(string suite)
{
    private const string Information = "I: ";
    private const int UsualPackages = 90;

    // Part of the whole, in percent, at which a phase begins and ends.
    private static readonly (string Verb, int From, int To)[] Phases =
        [("Validating ", 0, 35), ("Extracting ", 35, 50), ("Unpacking ", 50, 70), ("Configuring ", 70, 100)];

    private int _phase = -1;
    private int _inPhase;
    private int _downloaded;
    private int _percent;

    /// <summary>The step that a line tells of.</summary>
    public ImageProgress Read(string line)
    {
        string status = line.StartsWith(Information, StringComparison.Ordinal) ? line[Information.Length..] : line;
        int phase = Array.FindIndex(Phases, p => status.StartsWith(p.Verb, StringComparison.Ordinal));
        if (phase >= 0 && phase >= _phase)
        {
            _inPhase = phase == _phase ? _inPhase + 1 : 1;
            _phase = phase;
            _downloaded += phase == 0 ? 1 : 0;
            int packages = phase == 0 || _downloaded == 0 ? Math.Max(UsualPackages, _downloaded) : _downloaded;
            (_, int from, int to) = Phases[phase];
            _percent = Math.Max(_percent, from + (to - from) * Math.Min(_inPhase, packages) / packages);
        }
        return new ImageProgress(suite, status, _percent, 100, Percent: true);
    }
}
