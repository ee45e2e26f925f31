using System.Text;
using CloudLab.Core.Containers.Dockerfiles;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace CloudLab.Tests.Containers.Dockerfiles;

/// <summary>Dockerfiles are read as BuildKit reads them.</summary>
[Trait("Area", "Containers")]
public sealed class DockerfileParserTests
{
    private static readonly string[] Pieces =
    [
        "FROM ", "from scratch", " AS ", "a", "\n", "\r\n", "\\\n", "\\", "`", "# ", "escape=`", "syntax=x/y", "check=skip=all", "RUN ", "<<EOF", "<<-'E F'", "EOF\n", "COPY ", "--from=", "--mount=type=cache,target=/x", "[\"", "\"", "]", "'", "ENV ",
        "A=", "$", "${", "}", ":-", "/", "x", " ", "\t", "ONBUILD ", "ARG B", "HEALTHCHECK CMD ", "|", "&&", ";", "(", ")", "$(", "`", "apt-get install ", "\uFEFF", "\0", "é", "LABEL ", "EXPOSE ", "1-", "CMD ", "USER 0", "hadolint ignore=DL3006",
    ];

    [Theory]
    [InlineData("RUN a \\\n  # comment\n  b \\\n\n  c\nUSER x", "RUN 1-5|USER 6-6")]
    [InlineData("RUN <<EOF\na\nEOF\nUSER x", "RUN 1-3|USER 4-4")]
    [InlineData("RUN <<-EOF\n\ta\n\tEOF\nUSER x", "RUN 1-3|USER 4-4")]
    [InlineData("RUN <<\"E\" cat <<'F'\na\nE\nb\nF\nUSER x", "RUN 1-5|USER 6-6")]
    [InlineData("COPY <<a <<b /dst/\n1\na\n2\nb\nUSER x", "COPY 1-5|USER 6-6")]
    [InlineData("RUN 3<<EOF cat\na\nEOF\nUSER x", "RUN 1-3|USER 4-4")]
    [InlineData("RUN << EOF\na\nEOF\nUSER x", "RUN 1-3|USER 4-4")]
    [InlineData("RUN cat <<< x\nUSER x", "RUN 1-1|USER 2-2")]
    [InlineData("RUN echo $((1<<2))\nUSER x", "RUN 1-1|USER 2-2")]
    [InlineData("RUN echo '<<EOF'\nUSER x", "RUN 1-1|USER 2-2")]
    [InlineData("RUN [\"a\", \"<<EOF\"]\nUSER x", "RUN 1-1|USER 2-2")]
    [InlineData("ONBUILD RUN <<EOF\na\nEOF\nUSER x", "ONBUILD 1-3|USER 4-4")]
    [InlineData("# escape=`\nRUN a `\n b\nUSER x\\", "RUN 2-3|USER 4-4")]
    [InlineData("\uFEFFUSER x\r\nRUN a && \\\r\n b\r\n", "USER 1-1|RUN 2-3")]
    [InlineData("\trun\ta\n\n  user\tx", "RUN 1-1|USER 3-3")]
    [InlineData("RUN a \\  \n b\nUSER x", "RUN 1-2|USER 3-3")]
    [InlineData("USER a\\\\\nUSER x", "USER 1-1|USER 2-2")]
    [InlineData("FRM x\nUSER x", "!1-1|USER 2-2")]
    [InlineData("ENV A\nUSER x", "!1-1|USER 2-2")]
    [InlineData("RUN <<EOF\na", "RUN 1-2|!1-2")]
    public void Instructions_have_their_lines(string text, string expected)
    {
        Dockerfile file = Dockerfile.Parse(text);
        Assert.Equal(
            expected.Split('|').Order(StringComparer.Ordinal),
            file.Instructions.Select(one => $"{one.Name} {one.Line}-{one.EndLine}").Concat(file.Problems.Select(one => $"!{one.Line}-{one.EndLine}")).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("${A}", "1", "")]
    [InlineData("$A-$B", "1-", "B")]
    [InlineData("${B:-x$A}", "x1", "B")]
    [InlineData("${A:+y}${B:+y}", "y", "B")]
    [InlineData("'$A'\"$A\"\\$A", "$A1$A", "")]
    [InlineData("${LONG%.*}", "a.b", "")]
    [InlineData("${LONG%%.*}", "a", "")]
    [InlineData("${LONG#*.}", "b.c", "")]
    [InlineData("${LONG##*.}", "c", "")]
    [InlineData("${LONG/./-}", "a-b.c", "")]
    [InlineData("${LONG//./-}", "a-b-c", "")]
    [InlineData("${LONG/?./-}", "-b.c", "")]
    [InlineData("${LONG//\\?/-}", "a.b.c", "")]
    [InlineData("${LONG/b*/-}", "a.-", "")]
    [InlineData("${LONG%d}", "a.b.c", "")]
    [InlineData("$", "$", "")]
    public void Variables_are_replaced(string word, string expected, string missing)
    {
        Dictionary<string, string> variables = new() { ["A"] = "1", ["LONG"] = "a.b.c" };
        ExpandedWord result = DockerfileWord.Expand(word, '\\', name => variables.GetValueOrDefault(name));
        Assert.Equal((expected, null, missing), (result.Text, result.Problem, string.Join(',', result.Missing)));
    }

    [Theory]
    [InlineData("${A")]
    [InlineData("${}")]
    [InlineData("\"a")]
    [InlineData("'a")]
    [InlineData("${A@Q}")]
    [InlineData("${B:?needed}")]
    public void What_cannot_be_replaced_is_a_problem(string word) => Assert.NotNull(DockerfileWord.Expand(word, '\\', _ => null).Problem);

    [Fact]
    public void Commands_of_a_script_are_found()
    {
        IReadOnlyList<ShellCommand> commands = ShellScript.Read(
            "set -eux; A=1 B=2 apt-get install -y \"a b\" c\\ d >/dev/null 2>&1 && if [ -z \"$(curl -k x | jq .)\" ]; then sudo -E rm -rf '/x'; fi # rm y\nmake || { false; }");
        Assert.Equal(
            ["set -eux", "apt-get install -y a b c d", "curl -k x", "jq .", "[ -z $(…) ]", "rm -rf /x", "make", "false"], commands.Select(command => string.Join(' ', command.Words)));
        Assert.Contains("sudo", commands[5].Prefix);
        Assert.True(commands[2].Pipes && commands[3].IsPiped);
    }

    [Fact]
    public void Any_text_is_read_and_reviewed_and_lines_are_in_range()
    {
        Gen<string> text = Gen.ArrayOf(Gen.Elements(Pieces)).Select(string.Concat);
        Prop.ForAll(text.ToArbitrary(), given =>
        {
            int lines = Math.Max(1, given.Split('\n').Length);
            Dockerfile file = Dockerfile.Parse(given);
            return file.Instructions.All(one => one.Line >= 1 && one.Line <= one.EndLine && one.EndLine <= lines)
                && file.Problems.All(one => one.Line >= 1 && one.Line <= one.EndLine && one.EndLine <= lines)
                && DockerfileReview.Review(given, new() { Wanted = _ => true }).All(one => one.Line >= 1 && one.Line <= one.EndLine && one.EndLine <= lines);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(3000).WithEndSize(60));
    }

    [Theory]
    [InlineData("${A//*aaaaaaaaaaaaaaaaaaaab/-}")]
    [InlineData("${A//a*a*a*b/-}")]
    [InlineData("${A%%a*a*a*b}")]
    public void A_long_value_is_searched_for_a_pattern_that_is_not_there(string word)
    {
        string value = new('a', 4000);

        // Were every part of the value compared with the whole pattern, this would not end.
        Assert.Equal(value, DockerfileWord.Expand(word, '\\', _ => value).Text);
    }

    [Theory]
    [InlineData("FROM scratch\nRUN ", "a && ")]
    [InlineData("FROM scratch\nRUN ", "$(")]
    [InlineData("FROM scratch\nENV A=", "${A:-")]
    [InlineData("FROM scratch\nRUN ", "a \\\n")]
    [InlineData("", "ONBUILD ")]
    [InlineData("FROM scratch\n", "RUN <<EOF\nEOF\n")]
    [InlineData("FROM scratch\n", "RUN apt-get update && apt-get install -y curl | sh\n")]
    [InlineData("FROM scratch\n", "COPY a b\n")]
    [InlineData("ARG A=aaaaaaaaaa\nFROM scratch\nARG A\nENV B=", "${A//*a/b}")]
    [InlineData("", "FROM scratch AS a\nCOPY --from=a x /y\n")]
    [InlineData("FROM scratch\nCMD ", "[\"a\",")]
    [InlineData("FROM scratch\nRUN echo ", "://a:b")]
    [InlineData("FROM scratch\nRUN ", "'\"`")]
    public void Five_megabytes_of_anything_are_reviewed(string begin, string piece)
    {
        StringBuilder text = new(begin);
        while (text.Length < 5_000_000)
        {
            text.Append(piece);
        }

        // Were it not linear in the text, this would not end.
        Assert.NotNull(DockerfileReview.Review(text.ToString(), new()));
    }
}
