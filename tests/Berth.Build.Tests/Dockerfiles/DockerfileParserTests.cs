using Berth.Build.Dockerfiles;

namespace Berth.Build.Tests.Dockerfiles;

public sealed class DockerfileParserTests
{
    [Fact]
    public void Parse_Stages_NamesAndBases()
    {
        Dockerfile file = Text.Parse("ARG V=1\nFROM --platform=linux/amd64 busybox:$V AS Build\nRUN true\nfrom scratch\nCOPY --from=build /a /b\n");
        Assert.Equal(("V", "1"), file.GlobalArguments[0].Arguments[0]);
        Assert.Equal(["busybox:$V", "scratch"], file.Stages.Select(s => s.Base));
        Assert.Equal(["build", null], file.Stages.Select(s => s.Name));
        Assert.Equal("linux/amd64", file.Stages[0].Platform);
        Assert.Equal("build", Assert.IsType<CopyInstruction>(file.Stages[1].Instructions[0]).From);
    }

    [Theory]
    [InlineData("FROM scratch\nFORM x", "Dockerfile:2: unknown instruction FORM (did you mean FROM?)")]
    [InlineData("FROM scratch\nRNU x", "Dockerfile:2: unknown instruction RNU (did you mean RUN?)")]
    [InlineData("FROM scratch\n\n\nXYZZY x", "Dockerfile:4: unknown instruction XYZZY")]
    [InlineData("RUN x", "Dockerfile:1: no build stage in current context")]
    [InlineData("# nothing\n", "Dockerfile:1: the file has no FROM")]
    [InlineData("FROM a AS 1x", "Dockerfile:1: invalid name for build stage")]
    [InlineData("FROM a AS x\nFROM b AS X", "Dockerfile:2: duplicate name x")]
    [InlineData("FROM a b", "Dockerfile:1: FROM takes IMAGE, or IMAGE AS NAME")]
    [InlineData("FROM scratch\nENV", "Dockerfile:2: ENV requires at least one argument")]
    [InlineData("FROM scratch\nENV A", "Dockerfile:2: ENV must have two arguments")]
    [InlineData("FROM scratch\nENV A=1 B", "Dockerfile:2: can't find = in \"B\"")]
    [InlineData("FROM scratch\nCOPY a", "Dockerfile:2: COPY requires at least two arguments")]
    [InlineData("FROM scratch\nCOPY a b c", "Dockerfile:2: When using COPY with more than one source file")]
    [InlineData("FROM scratch\nCOPY --frm=x a b", "Dockerfile:2: unknown flag of COPY: --frm")]
    [InlineData("FROM scratch\nADD --from=x a b", "Dockerfile:2: --from=x is not possible with ADD")]
    [InlineData("FROM scratch\nSHELL /bin/sh", "Dockerfile:2: SHELL takes a JSON array")]
    [InlineData("FROM scratch\nONBUILD ONBUILD RUN x", "Dockerfile:2: chaining ONBUILD")]
    [InlineData("FROM scratch\nONBUILD RNU x", "Dockerfile:2: unknown instruction RNU")]
    [InlineData("FROM scratch\nRUN --mount=type=ssh x", "Dockerfile:2: RUN --mount=type=ssh is not available")]
    [InlineData("FROM scratch\nRUN --mount=type=cache x", "Dockerfile:2: RUN --mount=type=cache: target is missing")]
    [InlineData("FROM scratch\nRUN --security=insecure x", "Dockerfile:2: --security=insecure is not available")]
    [InlineData("FROM scratch\nRUN <<EOF\nx", "Dockerfile:2: the document <<EOF has no end")]
    [InlineData("# escape=x\nFROM scratch", "Dockerfile:1: invalid escape token")]
    [InlineData("# syntax=a\n# syntax=b\nFROM scratch", "Dockerfile:2: only one syntax parser directive")]
    [InlineData("FROM a\0b", "Dockerfile:1: the file holds a NUL character")]
    public void Parse_Wrong_NamesFileLineAndReason(string text, string message) => Assert.StartsWith(message, Text.Refused(text));

    [Fact]
    public void Parse_ContinuedLines_JoinsThemWithoutComments()
    {
        var run = Text.Only<RunInstruction>("RUN a \\\n  # a comment\n\n  && b \\  \n  && c\\\\\n");
        Assert.Equal(@"a   && b   && c\\", run.Command.Words[0]);
        Assert.Equal(2, run.Line);
    }

    [Fact]
    public void Parse_BacktickEscape_LeavesBackslashesAlone()
    {
        Dockerfile file = Text.Parse("# escape=`\nFROM scratch\nCOPY a `\n c:\\\n");
        Assert.Equal("c:\\", Assert.IsType<CopyInstruction>(file.Stages[0].Instructions[0]).Destination);
    }

    [Fact]
    public void Parse_WindowsLinesAndMark_AreTakenOff()
    {
        Dockerfile file = Text.Parse("\uFEFF# syntax=docker/dockerfile:1\r\nFROM scratch\r\nCMD [\"a\"]\r\n");
        Assert.Equal(["a"], Assert.IsType<CommandInstruction>(file.Stages[0].Instructions[0]).Command.Words);
    }

    [Theory]
    [InlineData("RUN [\"a\", \"b c\"]", true, "a|b c")]
    [InlineData("RUN [\"a\", b]", false, "[\"a\", b]")]
    [InlineData("RUN echo \"<<EOF\"", false, "echo \"<<EOF\"")]
    [InlineData("RUN [\"\\ud800\"]", false, "[\"\\ud800\"]")]
    public void Run_Forms(string text, bool exec, string words)
    {
        var run = Text.Only<RunInstruction>(text);
        Assert.Equal(exec, run.Command.IsExec);
        Assert.Equal(words, string.Join('|', run.Command.Words));
    }

    [Fact]
    public void Run_DocumentAlone_IsTheScript() => Assert.Equal("echo a\necho b\n", Text.Only<RunInstruction>("RUN <<EOF\necho a\necho b\nEOF").Command.Words[0]);

    [Fact]
    public void Run_DocumentForAProgram_StaysWithTheCommand() =>
        Assert.Equal("cat <<-E >/x\na\nE\n", Text.Only<RunInstruction>("RUN cat <<-E >/x\n\ta\n\tE").Command.Words[0]);

    [Fact]
    public void Run_DocumentWithInterpreter_IsAProgram()
    {
        var run = Text.Only<RunInstruction>("RUN <<'EOF'\n#!/bin/awk -f\nx\nEOF");
        Assert.Equal("#!/bin/awk -f\nx\n", run.Program!.Content);
        Assert.False(run.Program.Expands);
    }

    [Fact]
    public void Run_Mounts_FieldsAndDefaults()
    {
        var run = Text.Only<RunInstruction>("RUN --mount=type=cache,target=/c,sharing=locked --mount=type=secret,id=k,env=K --mount=target=/b,from=x,rw --mount=type=tmpfs,target=/t,size=2m --network=none cmd");
        Assert.Equal(new RunMount { Kind = MountKind.Cache, Target = "/c", Id = "/c", Sharing = "locked", Writable = true, Mode = 0x1ED }, run.Mounts[0]);
        Assert.Equal(new RunMount { Kind = MountKind.Secret, Id = "k", Variable = "K", Mode = 0x100 }, run.Mounts[1]);
        Assert.Equal(new RunMount { Kind = MountKind.Bind, Target = "/b", From = "x", Writable = true, Mode = 0x100 }, run.Mounts[2]);
        Assert.Equal(2 << 20, run.Mounts[3].Size);
        Assert.Equal("none", run.Network);
        Assert.Equal("cmd", run.Command.Words[0]);
    }

    [Fact]
    public void Copy_Documents_AreItsSources()
    {
        var copy = Text.Only<CopyInstruction>("COPY --chown=1:2 --chmod=644 <<a <<\"b\" c /d/\n$x\na\ny\nb");
        Assert.Equal([new Heredoc("a", "$x\n", true), new Heredoc("b", "y\n", false)], copy.Documents);
        Assert.Equal(["c"], copy.Sources);
        Assert.Equal(("/d/", "1:2", "644"), (copy.Destination, copy.Owner, copy.Mode));
    }

    [Fact]
    public void Copy_JsonForm_KeepsBlanks() => Assert.Equal(["a b"], Text.Only<CopyInstruction>("COPY [\"a b\", \"c d\"]").Sources);

    [Fact]
    public void Pairs_OldForm_TakesTheRestAndWarns()
    {
        Dockerfile file = Text.Parse("FROM scratch\nENV A b c\nMAINTAINER me\nCMD a\nCMD b");
        Assert.Equal(("A", "b c"), Assert.IsType<PairsInstruction>(file.Stages[0].Instructions[0]).Pairs[0]);
        Assert.Equal(["Dockerfile:2", "Dockerfile:3", "Dockerfile:4"], file.Warnings.Select(w => string.Join(':', w.Split(':')[..2])));
    }

    [Fact]
    public void Trigger_KeepsItsDocument() => Assert.Equal("RUN <<E\na\nE\n", Text.Only<TriggerInstruction>("ONBUILD RUN <<E\na\nE").Trigger);

    [Fact]
    public void ParseTriggers_OfABaseImage_GivesInstructionsAtItsFrom()
    {
        IReadOnlyList<Instruction> all = DockerfileParser.ParseTriggers("base", ["RUN <<E\na\nE\n", "ENV A=1"], 7, "Dockerfile");
        Assert.Equal("a\n", Assert.IsType<RunInstruction>(all[0]).Command.Words[0]);
        Assert.All(all, instruction => Assert.Equal(7, instruction.Line));
        Assert.StartsWith("Dockerfile:7: a trigger of base is wrong", Assert.Throws<DockerfileException>(() => DockerfileParser.ParseTriggers("base", ["NO x"], 7, "Dockerfile")).Message);
        Assert.Contains("FROM is not allowed", Assert.Throws<DockerfileException>(() => DockerfileParser.ParseTriggers("base", ["FROM x"], 7, "Dockerfile")).Message);
    }

    [Fact]
    public void Parse_TooMuch_IsRefused()
    {
        Assert.Contains("more than", Text.Refused("FROM a\n" + string.Concat(Enumerable.Repeat("RUN x\n", BuildLimits.MaxInstructions))));
        Assert.Contains("more than", Text.Refused(string.Concat(Enumerable.Repeat("FROM x\n", BuildLimits.MaxStages + 1))));
        Assert.Contains("more than", Text.Refused(new string('#', BuildLimits.MaxFileBytes + 1)));
    }

    // Whatever the bytes: a file is read, or refused with its line.
    [Fact]
    public void Parse_AnyBytes_ParsesOrNamesALine()
    {
        string[] pieces =
        [
            "FROM ", "scratch", "RUN ", "COPY ", "--from=", "--mount=type=", "cache", ",target=", "<<EOF", "EOF\n", "\n", "\\\n", "\\", "#", "\"", "'", "[", "]", "{", "}", "$", "${a", ":-", "=", ",", " ", "\t",
            "ENV a=", "ONBUILD ", "HEALTHCHECK ", "ARG ", "# escape=`\n", "`", "\0", "\r\n", "é", "\uFEFF", "--", "AS ", "/",
        ];
        var random = new Random(20);
        for (int i = 0; i < 30_000; i++)
        {
            string text = string.Concat(Enumerable.Range(0, random.Next(40)).Select(_ => pieces[random.Next(pieces.Length)]));
            byte[] bytes = System.Text.Encoding.UTF8.GetBytes((i % 2 == 0 ? "FROM a\n" : "") + text);
            if (i % 7 == 0 && bytes.Length > 0)
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            try
            {
                Assert.NotEmpty(DockerfileParser.Parse("Dockerfile", bytes).Stages);
            }
            catch (DockerfileException e)
            {
                Assert.StartsWith($"Dockerfile:{e.Line}: ", e.Message);
                Assert.InRange(e.Line, 1, 1 + bytes.Count(b => b == '\n'));
                Assert.DoesNotContain(e.Message, char.IsControl);
            }
        }
    }
}
