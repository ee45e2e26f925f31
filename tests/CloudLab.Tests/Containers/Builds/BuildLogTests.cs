using System.Text;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Reporting;
using CloudLab.Core.Containers.Builds;
using Xunit;

namespace CloudLab.Tests.Containers.Builds;

[Trait("Area", "Containers")]
public class BuildLogTests
{
    private const string Failing = """{"vertexes":[{"digest":"b","inputs":["a"],"name":"[build 2/4] RUN make","started":"2026-01-01T00:00:00Z","completed":"2026-01-01T00:00:01Z","error":"process \"/bin/sh -c make\" did not complete successfully: exit code: 2"}]}""";

    [Fact]
    public void A_failing_step_is_named_with_line_platform_exit_code_and_its_last_lines()
    {
        string[] lines =
        [
            """{"vertexes":[{"digest":"a","name":"[linux/arm64 build 1/4] COPY . /src","completed":"2026-01-01T00:00:00Z","cached":true}]}""",
            """{"vertexes":[{"digest":"c","name":"[linux/amd64 build 3/4] RUN slow","error":"exit code: 137: context canceled: context canceled"}]}""",
            """{"vertexes":[{"digest":"b","name":"[build 2/4] RUN make","started":"2026-01-01T00:00:00Z"}]}""",
            .. Enumerable.Range(1, 30).Select(i => Output("b", $"line {i}\n")),
            Failing,
            "Dockerfile:7",
            "--------------------",
            "   6 |     COPY . /src",
            "   7 | >>> RUN make",
            "--------------------",
            "ERROR: failed to build: failed to solve: process \"/bin/sh -c make\" did not complete successfully: exit code: 2",
        ];
        LabException e = Explain(1, lines);
        Assert.Equal("BuildStepFailed", e.Code);
        Assert.StartsWith("Step 'RUN make' for linux/arm64 (Dockerfile line 7) failed with exit code 2. Its last output:\n", e.Message, StringComparison.Ordinal);
        Assert.EndsWith("\n  line 30", e.Message, StringComparison.Ordinal);
        Assert.Contains("\n  line 21\n", e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("line 20\n", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Output_cut_within_a_character_and_a_line_without_an_end_are_whole()
    {
        byte[] bytes = Encoding.UTF8.GetBytes("größer");
        string start = """{"vertexes":[{"digest":"b","name":"[1/1] RUN x"}]}""";
        (_, List<string> verbose) = Read([start, Output("b", bytes[..3]), Output("b", bytes[3..]), """{"vertexes":[{"digest":"b","name":"[1/1] RUN x","completed":"x"}]}"""]);
        Assert.Contains("[1/1] größer", verbose);
    }

    [Fact]
    public void Steps_are_counted_by_platform_and_the_cached_ones_apart()
    {
        (BuildLog log, _) = Read([
            """{"vertexes":[{"digest":"a","name":"[internal] load build context"},{"digest":"b","name":"[linux/amd64->arm64 build 1/2] RUN x","cached":true,"completed":"x"}]}""",
            """{"vertexes":[{"digest":"c","name":"[stage-1 2/2] COPY --from=build /a /b"}]}""",
        ]);
        BuildStep[] steps = [.. log.Steps.Where(s => s.IsInstruction)];
        Assert.Equal(["RUN x", "COPY --from=build /a /b"], steps.Select(s => s.Instruction));
        Assert.Equal("linux/arm64", steps[0].Platform);
        Assert.Equal([true, false], steps.Select(s => s.Cached));
    }

    [Fact]
    public void An_object_over_several_lines_is_read_as_one_and_what_follows_a_broken_one_is_text()
    {
        (BuildLog log, _) = Read(["{", "  \"vertexes\": [", "    {\"digest\": \"a\", \"name\": \"[1/1] RUN x\"}", "  ]", "}", "{", "ERROR: nothing"]);
        Assert.Equal("RUN x", Assert.Single(log.Steps).Instruction);
        Assert.Equal(["ERROR: nothing"], log.Text);
    }

    [Fact]
    public void Steps_that_targets_share_belong_to_each_of_them()
    {
        using BuildLog log = new(NullReporter.Instance, "test", text => text, ["site", "site-2"]);
        log.Read("""{"vertexes":[{"digest":"a","name":"[site 1/1] COPY a /"}]}""");
        log.Read("""{"vertexes":[{"digest":"a","name":"[site-2 build 1/1] COPY a /","error":"broken"}]}""");
        Assert.Equal(("COPY a /", null, null), log.StepsOf("site").Select(step => (step.Instruction, step.Stage, step.Error)).Single());
        Assert.Equal(("COPY a /", "build", "broken"), log.StepsOf("site-2").Select(step => (step.Instruction, step.Stage, step.Error)).Single());
    }

    [Fact]
    public void A_warning_that_comes_twice_is_kept_once()
    {
        string text = Convert.ToBase64String(Encoding.UTF8.GetBytes("JSONArgsRecommended: use JSON (line 3)"));
        string line = $$$"""{"warnings":[{"vertex":"a","level":1,"short":"{{{text}}}","url":"https://example.org/rule","range":[{"start":{"line":3},"end":{"line":3}}]}]}""";
        (BuildLog log, _) = Read([line, line]);
        Assert.Equal(new LabBuildWarning("JSONArgsRecommended: use JSON (line 3)", 3, "https://example.org/rule"), Assert.Single(log.WarningsOf(null)));
    }

    [Theory]
    [InlineData("{")]
    [InlineData("{\"vertexes\":7}")]
    [InlineData("{\"vertexes\":[7]}")]
    [InlineData("{\"logs\":[{\"vertex\":\"x\",\"data\":\"***\"}]}")]
    [InlineData("{\"warnings\":[{}]}")]
    [InlineData("[1,2]")]
    public void What_is_not_understood_breaks_nothing(string line) => Assert.Equal("BuildStepFailed", Explain(1, [line, Failing]).Code);

    [Theory]
    [InlineData("ERROR: failed to build: failed to solve: dockerfile parse error on line 2: unknown instruction: COPPY (did you mean COPY?)", "DockerfileInvalid", "Dockerfile line 2: unknown instruction: COPPY (did you mean COPY?)")]
    [InlineData("ERROR: failed to solve: dockerfile parse error on line 9: FROM requires either one or three arguments", "DockerfileInvalid", "Dockerfile line 9: FROM requires")]
    [InlineData("ERROR: failed to build: failed to solve: the Dockerfile cannot be empty", "DockerfileInvalid", "Dockerfile is empty")]
    [InlineData("ERROR: failed to build: failed to solve: target stage \"zz\" could not be found (did you mean a?)", "BuildTargetNotFound", "no stage 'zz' (did you mean a?)")]
    [InlineData("ERROR: failed to build: failed to solve: foo: failed to resolve source metadata for docker.io/library/foo:latest: pull access denied, repository does not exist", "BaseImageUnavailable", "'docker.io/library/foo:latest'")]
    [InlineData("ERROR: failed to build: failed to solve: failed to push 127.0.0.1:5000/x:1: unexpected status from HEAD request: 401 Unauthorized", "RegistryUnauthorized", "Connect-LabRegistry 127.0.0.1:5000")]
    [InlineData("ERROR: failed to build: failed to solve: failed to push r.example/x:1: push access denied, repository does not exist or may require authorization", "RegistryUnauthorized", "r.example")]
    [InlineData("ERROR: failed to build: failed to solve: failed to push r.example:5000/x:1: failed to do request: Head \"https://r.example:5000/v2/\": http: server gave HTTP response to HTTPS client", "RegistryUnreachable", "was built but could not be pushed")]
    [InlineData("ERROR: failed to build: failed to solve: syntax error in pattern", "DockerignoreInvalid", ".dockerignore")]
    [InlineData("ERROR: no builder \"nobuilder\" found", "BuilderNotFound", "No builder \"nobuilder\" found")]
    [InlineData("ERROR: Multi-platform build is not supported for the docker driver.", "ImageStoreSinglePlatform", "one platform")]
    [InlineData("ERROR: failed to build: something new", "BuildFailed", "The build failed: something new.")]
    [InlineData("ERROR: invalid progress mode \"rawjson\"", "BuildxTooOld", "0.13")]
    [InlineData("", "BuildFailed", "exit code 1")]
    public void Each_kind_of_failure_has_its_own_error(string text, string code, string message)
    {
        LabException e = Explain(1, text.Length > 0 ? [text] : []);
        Assert.Equal(code, e.Code);
        Assert.Contains(message, e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', e.Message);
    }

    [Fact]
    public void Buildx_killed_from_outside_is_said_so()
    {
        LabException e = Explain(137, []);
        Assert.Equal("BuildxEnded", e.Code);
        Assert.Contains("signal 9", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_foreign_processor_without_emulation_is_explained()
    {
        LabException e = Explain(1, [
            """{"vertexes":[{"digest":"b","name":"[linux/riscv64 2/2] RUN x"}]}""", Output("b", "exec /bin/sh: exec format error\n"),
            """{"vertexes":[{"digest":"b","name":"[linux/riscv64 2/2] RUN x","error":"exit code: 255"}]}"""]);
        Assert.Equal("PlatformCannotRun", e.Code);
    }

    private static string Output(string step, string text) => Output(step, Encoding.UTF8.GetBytes(text));

    private static string Output(string step, byte[] bytes) =>
        $$$"""{"logs":[{"vertex":"{{{step}}}","stream":1,"data":"{{{Convert.ToBase64String(bytes)}}}","timestamp":"2026-01-01T00:00:00Z"}]}""";

    private static LabException Explain(int exitCode, string[] lines) =>
        new BuildFailure(Read(lines).Log, "/src/Dockerfile", text => text).Explain(exitCode);

    private static (BuildLog Log, List<string> Verbose) Read(string[] lines)
    {
        ListReporter reporter = new();
        BuildLog log = new(reporter, "Building x", text => text);
        Array.ForEach(lines, log.Read);
        return (log, reporter.Lines);
    }

    private sealed class ListReporter : IReporter
    {
        public List<string> Lines { get; } = [];

        public void Verbose(string message) => Lines.Add(message);

        public void Warning(string message) => Lines.Add(message);

        public void Progress(ProgressUpdate update) => Lines.Add(update.Status);
    }
}
