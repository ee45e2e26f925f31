using System.Diagnostics;
using System.Text.Json.Nodes;
using CloudLab.Core.Containers.Dockerfiles;
using CloudLab.Tests.Containers.Builds;
using CloudLab.Tests.Containers.Containers;
using Xunit;

namespace CloudLab.Tests.Containers.Dockerfiles;

/// <summary>The review beside BuildKit's own check, in a real engine.</summary>
[Trait("Area", "Containers")]
[Trait("Server", "docker")]
public sealed class DockerfileCheckTests : ContainerWorld
{
    private const string Base = "cloudlab-test/busybox:containers";

    private static readonly Dictionary<string, string> Own = new()
    {
        ["casing"] = "FROM scratch as Build\nworkdir a\nENV A b\nLABEL c d\nMAINTAINER x\n", ["mixed case"] = "from scratch AS x\nuser 1\nWORKDIR /a\nExpose 80\n", ["secrets"] = "FROM scratch\nARG TOKEN\nENV API_KEY=a B_PASSWORD=c PUBLIC_KEY=d\nARG auth=x SECRET_FILE\n",
        ["shell forms"] = "FROM BASE\nCMD a\nENTRYPOINT b\n", ["shell forms with SHELL"] = "FROM BASE AS a\nSHELL [\"/bin/sh\", \"-c\"]\nCMD a\nFROM a\nENTRYPOINT b\n", ["twice"] = "FROM BASE\nCMD [\"a\"]\nHEALTHCHECK NONE\nENTRYPOINT [\"a\"]\nCMD [\"b\"]\nHEALTHCHECK CMD x\nENTRYPOINT [\"c\"]\nCMD [\"c\"]\n",
        ["twice over stages"] = "FROM BASE AS a\nCMD [\"a\"]\nFROM a\nCMD [\"b\"]\n", ["undefined"] = "FROM scratch\nENV a=$b c=${d:-e}\nARG f\nLABEL g=$f h=$PATH i=$HOME\nCOPY $j /\nUSER $l\nVOLUME /$m\nWORKDIR /$n\n", ["undefined in a stage"] = "ARG V=1\nFROM scratch\nLABEL v=$V p=$TARGETPLATFORM\n",
        ["defined by a stage"] = "FROM scratch AS a\nARG X=1\nENV Y=2\nFROM a\nLABEL x=$X y=$Y\n", ["heredoc variables"] = "FROM scratch\nCOPY <<EOF <<\"E2\" /a/\n$x\nEOF\n$y\nE2\n", ["undefined in FROM"] = "ARG VERSON=1\nFROM scratch$VERSION\n", ["no default"] = "ARG IMAGE\nFROM ${IMAGE:-scratch}\n",
        ["no default at all"] = "ARG IMAGE\nFROM scratch${IMAGE}\nCMD x\n", ["platform written out"] = "FROM --platform=linux/amd64 scratch AS a\nFROM --platform=linux/amd64 scratch AS linux-amd64\nFROM --platform=$TARGETPLATFORM scratch\n", ["unknown platform variable"] = "FROM --platform=${NONE:-linux/amd64} scratch\n",
        ["names of stages"] = "FROM scratch AS scratch\nFROM scratch AS context\nFROM BASE AS a\nFROM BASE AS A\n", ["a stage in upper case as base"] = "FROM scratch AS build\nFROM Build\n", ["workdir"] = "FROM scratch AS a\nWORKDIR a\nWORKDIR b\nFROM a\nWORKDIR c\n", ["workdir by variable"] = "FROM scratch\nARG W=/x\nWORKDIR $W\n",
        ["ports"] = "FROM scratch\nEXPOSE 80/TCP 127.0.0.1:81:82 83:84 85-86/Udp\n", ["empty continuation"] = "FROM BASE\nRUN a \\\n\n  b \\\n\n\n  c\nRUN <<EOF cat \\\n\n x\ny\nEOF\n", ["comments in a continuation"] = "FROM BASE\nRUN a \\\n# c\n b\nCMD \\\n # d\n x\n",
        ["skipped"] = "# check=skip=JSONArgsRecommended\nFROM BASE\nCMD x\nMAINTAINER y\n", ["all skipped"] = "# check=skip=all\nFROM scratch as A\nCMD x\n",
        ["escape"] = "# escape=`\nFROM BASE\nRUN a `\n\n b\nCMD c `\n d\n", ["Windows lines"] = "FROM BASE as a\r\nRUN a && \\\r\n\r\n b\r\nCMD x\r\n", ["byte order mark"] = "\uFEFFfrom scratch as a\nCMD x\n", ["onbuild"] = "FROM BASE\nONBUILD CMD x\nonbuild RUN <<EOF\nx\nEOF\nCMD y\n", ["json that is none"] = "FROM BASE\nCMD ['a', 'b']\nENTRYPOINT [\"a\" \"b\"]\n",
        ["unknown instruction"] = "FROM scratch as a\nFRM x\n", ["line that is not continued"] = "FROM BASE\nRUN a &&\n  b\n", ["no value"] = "FROM scratch\nENV A\n", ["wrong flag"] = "FROM scratch\nCOPY --form=a b c\n", ["one argument"] = "FROM scratch\nCOPY a\n", ["no FROM"] = "ARG A\nRUN x\n", ["heredoc without end"] = "FROM BASE\nRUN <<EOF\nx\n",
        ["shell without a list"] = "FROM BASE\nSHELL sh -c\n", ["numbers in a list"] = "FROM BASE\nCMD [1]\n", ["healthcheck without a command"] = "FROM BASE\nHEALTHCHECK CMD\n", ["name of a stage"] = "FROM scratch AS 1a\n", ["nothing"] = "# only a comment\n", ["bad substitution"] = "FROM scratch\nENV A=${b\n", ["open quote"] = "FROM scratch\nLABEL a=\"b\n", ["directive twice"] = "# escape=\\\n# escape=`\nFROM scratch\n",
        ["bad port"] = "FROM scratch\nEXPOSE 80/http\n", ["copy from itself"] = "FROM scratch AS a\nCOPY --from=a /x /y\n", ["copy from a variable"] = "FROM scratch AS a\nARG b=a\nCOPY --from=$b /x /y\n", ["copy from a number"] = "FROM scratch\nCOPY --from=7 /x /y\n", ["onbuild of FROM"] = "FROM scratch\nONBUILD FROM scratch\n", ["two words for USER"] = "FROM scratch\nUSER\n",
    };

    private readonly string folder = Directory.CreateTempSubdirectory("cloudlab check ").FullName;

    public static TheoryData<string> Titles => [.. Own.Keys.Concat(DockerfileTests.Texts.Keys.Select(title => "built: " + title))];

    public override async ValueTask DisposeAsync()
    {
        Directory.Delete(folder, recursive: true);
        await base.DisposeAsync();
    }

    [Theory]
    [MemberData(nameof(Titles))]
    public async Task Whatever_BuildKit_finds_is_found_in_the_same_line(string title)
    {
        await ImageAsync();
        string text = title.StartsWith("built: ", StringComparison.Ordinal) ? DockerfileTests.Texts[title["built: ".Length..]] : Own[title].Replace("BASE", Base, StringComparison.Ordinal);
        string file = Path.Combine(folder, "Dockerfile");
        await File.WriteAllTextAsync(file, text, new System.Text.UTF8Encoding(false), TestContext.Current.CancellationToken);
        string said = await ForeignProcess.OutputAsync(new ProcessStartInfo("docker", ["--host", TestServers.Docker(), "buildx", "build", "--call=check,format=json", "--file", file, folder]), mayFail: true);
        JsonNode answer = JsonNode.Parse(said)!;
        string[] theirs = [.. (answer["warnings"] as JsonArray ?? []).Select(one => $"{one!["ruleName"]} {one["location"]!["ranges"]![0]!["start"]!["line"]}").Distinct()];
        LabDockerfileFinding[] found = (await RunAsync("Test-LabDockerfile", new { Path = file })).Ok().OutputOf<LabDockerfileFinding>();
        string[] ours = [.. found.Where(one => one.BuildKit is not null).Select(one => $"{one.BuildKit} {one.Line}")];

        // What a base image defines, only BuildKit knows, and to it a shell that hands over with exec is like any other; docs/dockerfile-review.md says so.
        Assert.Empty(theirs.Where(one => (!one.StartsWith("UndefinedVar", StringComparison.Ordinal) || !text.Contains(Base, StringComparison.Ordinal))
            && (!one.StartsWith("JSONArgsRecommended", StringComparison.Ordinal) || !text.Contains(" exec ", StringComparison.Ordinal))).Except(ours));
        if (answer["buildError"] is { } error)
        {
            // It stops there, so what it would have found else is not known. Some mistakes it gives no line, and a directive that stands twice the line before.
            int? line = (int?)error["location"]?["ranges"]?[0]?["start"]?["line"];
            line += title == "directive twice" ? 1 : 0;
            bool isNetwork = $"{error["message"]}".Contains("failed to resolve source metadata", StringComparison.Ordinal);
            Assert.True(isNetwork || found.Any(one => one.Line == (line ?? one.Line) && one.Severity >= Core.Common.Review.FindingSeverity.Medium), $"{error["message"]} / {string.Join("; ", found.Select(one => one.ToString()))}");
        }
        else
        {
            // And nothing is found that BuildKit would not find by these names, but for what it has as experiments.
            Assert.Empty(ours.Where(one => !one.StartsWith("CopyIgnoredFile", StringComparison.Ordinal)).Except(theirs));
            Assert.DoesNotContain(found, one => one.Rule is "SyntaxError" or "UnknownInstruction");
        }
    }

    [Fact]
    public async Task Both_opinions_are_put_together()
    {
        await ImageAsync();
        string text = $"FROM {Base} AS Build\nRUN sudo x\nWORKDIR $NOTHING_OF_THE_IMAGE/x\nCMD y\n";
        LabDockerfileFinding[] found = (await RunAsync("Test-LabDockerfile", new { Content = text, BuildKit = true })).Ok().OutputOf<LabDockerfileFinding>();
        Assert.Equal(
            ["JSONArgsRecommended Both", "StageNameCasing Both", "SudoUsed CloudLab", "UndefinedVar BuildKit", "UserMissing CloudLab"],
            found.Where(one => one.Rule is not "WorkdirRelativePath").Select(one => $"{one.Rule} {one.FoundBy}").Order(StringComparer.Ordinal));
        Assert.Equal(3, found.Single(one => one.Rule == "UndefinedVar").Line);
    }

    [Fact]
    public async Task A_check_that_fails_is_one_error_and_our_findings_remain()
    {
        CmdletResult result = await RunAsync("Test-LabDockerfile", new { Content = "FROM 127.0.0.1:1/none:1\nCMD x\n", BuildKit = true });
        Assert.StartsWith("BuildKitCheckFailed", Assert.Single(result.Errors).FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains(result.OutputOf<LabDockerfileFinding>(), one => one.Rule == "JSONArgsRecommended" && one.FoundBy == DockerfileReviewer.CloudLab);
        CmdletResult none = await CmdletRunner.RunAsync("Test-LabDockerfile", new { Content = "FROM scratch\n", BuildKit = true, DockerHost = "unix:///tmp/cloudlab-none.sock" });
        Assert.StartsWith("NoDockerEngine", none.TerminatingError!.FullyQualifiedErrorId, StringComparison.Ordinal);
    }
}
