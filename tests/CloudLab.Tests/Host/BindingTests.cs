using System.Collections;
using System.Management.Automation;
using System.Text.Json;
using CloudLab.Host.Binding;
using CloudLab.Host.Output;
using CloudLab.Host.Pipeline;
using Xunit;

namespace CloudLab.Tests.Host;

[Trait("Area", "Host")]
public class BindingTests
{
    [Fact]
    public void Names_aliases_prefixes_and_positions()
    {
        Assert.Equal("Name", One("movies.json movies").GetProperty("Set").GetString());
        Assert.Equal("[\"movies.json\"]", One("movies.json movies").GetProperty("Name").GetRawText());
        Assert.Equal("b", One("-buck b -Key x").GetProperty("Bucket").GetString());
        Assert.Equal("[\"x\"]", One("x -Bucket b").GetProperty("Name").GetRawText());
        Assert.Equal("[\"x\"]", One("--key=x --bucket b").GetProperty("Name").GetRawText());
        Assert.Equal("Id", One("-Id 3 b").GetProperty("Set").GetString());
    }

    [Theory]
    [InlineData("-Name a,b -Bucket x", "a|b")]
    [InlineData("-Name a -Name b -Bucket x", "a|b")]
    [InlineData("-Name a -k b,c -Bucket x", "a|b|c")]
    [InlineData(@"-Name a\,b -Bucket x", "a,b")]
    [InlineData("-Name a, b -Bucket x", "a|b")]
    public void Several_values_come_by_repetition_or_comma(string args, string expected) =>
        Assert.Equal(expected.Split('|'), One(args).GetProperty("Name").EnumerateArray().Select(e => e.GetString()));

    [Theory]
    [InlineData("-Recurse", true)]
    [InlineData("-Recurse:$true", true)]
    [InlineData("-Recurse:$false", false)]
    [InlineData("-Recurse:false", false)]
    [InlineData("--recurse=false", false)]
    [InlineData("", false)]
    public void Switches(string args, bool expected) =>
        Assert.Equal(expected, One("-Bucket b " + args).GetProperty("Recurse").GetBoolean());

    [Fact]
    public void Values_are_converted_to_the_parameters_types()
    {
        JsonElement bound = One("-Bucket b -Day fri -Tag team=lab -Tag a=1,b=x=y -Timeout 00:00:05 -Size 2KB -Mode SLOW -Confirm:$false");
        Assert.Equal("Friday", bound.GetProperty("Day").GetString());
        Assert.Equal("lab", bound.GetProperty("Tag").GetProperty("team").GetString());
        Assert.Equal("x=y", bound.GetProperty("Tag").GetProperty("b").GetString());
        Assert.Equal("00:00:05", bound.GetProperty("Timeout").GetString());
        Assert.Equal(2048, bound.GetProperty("Size").GetInt64());
        Assert.Equal("SLOW", bound.GetProperty("Mode").GetString());
    }

    [Fact]
    public void PowerShells_form_of_a_hashtable_is_understood() =>
        Assert.Equal("lab", One("-Bucket b -Tag @{team='lab';x=1}").GetProperty("Tag").GetProperty("team").GetString());

    [Theory]
    [InlineData("", "MissingMandatoryParameter", "-Bucket")]
    [InlineData("-Id 3 -Name x -Bucket b", "AmbiguousParameterSet", "-Id")]
    [InlineData("-Id 10 -Bucket b", "ParameterArgumentValidationError", "maximum")]
    [InlineData("-Id ten -Bucket b", "CannotConvertArgumentNoMessage", "ten")]
    [InlineData("-Bucket b -Mode medium", "ParameterArgumentValidationError", "fast,slow")]
    [InlineData("-Bucket b -Day Noday", "CannotConvertArgumentNoMessage", "Monday")]
    [InlineData("-Bucket", "MissingArgument", "-Bucket")]
    [InlineData("-Bucket -Recurse", "MissingArgument", "-Bucket:-Recurse")]
    [InlineData("-Bucket b -Bucket c", "ParameterAlreadyBound", "-Bucket")]
    [InlineData("-Bucket b -Confirm:", "MissingArgument", "-Confirm:false")]
    [InlineData("-Nope x -Bucket b", "NamedParameterNotFound", "-Nope")]
    [InlineData("-T x -Bucket b", "AmbiguousParameter", "-Tag or -Timeout")]
    [InlineData("a b c", "PositionalParameterNotFound", "'c'")]
    [InlineData("-Bucket b -OutVariable x", "NoVariables", "-OutVariable")]
    [InlineData("-Bucket b -Tag lab", "CannotConvertArgumentNoMessage", "name=value")]
    [InlineData("-Bucket b -ErrorAction Sometimes", "CannotConvertArgumentNoMessage", "SilentlyContinue")]
    public void What_makes_no_sense_is_refused_in_words(string args, string id, string says)
    {
        ParameterBindingException refused = Assert.Throws<ParameterBindingException>(() => Run(args));
        Assert.Equal(id, refused.ErrorId);
        Assert.Contains(says, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_secret_on_the_command_line_is_not_taken_but_from_a_variable()
    {
        Environment.SetEnvironmentVariable("CLOUDLAB_TEST_SECRET", "user:s3cret");
        Assert.Equal("user", One("-Bucket b -Credential env:CLOUDLAB_TEST_SECRET").GetProperty("User").GetString());
        Assert.Equal("me", One("-Bucket b -Credential me,env:CLOUDLAB_TEST_SECRET").GetProperty("User").GetString());
        Assert.Throws<ParameterBindingException>(() => Run("-Bucket b -Credential env:CLOUDLAB_TEST_UNSET"));
    }

    [Fact]
    public void Input_binds_by_name_then_by_value_and_each_object_anew()
    {
        Sink sink = Run("-Bucket b", JsonInput.Read(["""{"Name":"x"}""", """{"key":["y","z"]}""", """{"Id":4}""", "17", "{\"Other\":1}"]));
        JsonElement[] rows = Rows(sink);
        Assert.Equal(["Name", "Name", "Id", "Name"], rows.Select(r => r.GetProperty("Set").GetString()));
        Assert.Equal("[\"y\",\"z\"]", rows[1].GetProperty("Name").GetRawText());
        Assert.Equal(JsonValueKind.Null, rows[2].GetProperty("Name").ValueKind);
        Assert.Equal(17, rows[3].GetProperty("Size").GetInt64());
        Assert.Equal("InputObjectNotBound,CloudLab.Tests.Host.GetSampleCommand", Assert.Single(sink.Errors).FullyQualifiedErrorId);
    }

    [Fact]
    public void An_object_with_a_bad_value_is_an_error_of_its_own()
    {
        Sink sink = Run("-Bucket b", JsonInput.Read(["""{"Id":40}""", """{"Id":4}"""]));
        Assert.Single(Rows(sink));
        Assert.Contains("maximum", Assert.Single(sink.Errors).ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void An_object_whose_property_cannot_be_converted_is_told_why()
    {
        Sink sink = Run("-Bucket b", JsonInput.Read(["""{"Id":"ten"}"""]));
        Assert.Contains("-Id: Cannot convert value \"ten\"", Assert.Single(sink.Errors).ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void What_the_command_line_gives_the_input_does_not_change()
    {
        Sink sink = Run("-Bucket b -Name mine", JsonInput.Read(["""{"Name":"theirs","Size":3}""", "5"]));
        Assert.Equal("[\"mine\"]", Assert.Single(Rows(sink)).GetProperty("Name").GetRawText());
    }

    [Fact]
    public void Typed_objects_bind_by_their_properties()
    {
        Sink sink = Run("-Bucket b", [new { Id = 3 }, new { Name = "h" }, 8L]);
        Assert.Equal(["Id", "Name", "Name"], Rows(sink).Select(r => r.GetProperty("Set").GetString()));
    }

    public static TheoryData<string> Cases() =>
        [.. JsonDocument.Parse(File.ReadAllText(Path.Combine(Module.Repository.Folder, "tests", "binding-cases.json")))
            .RootElement.EnumerateArray().Select(c => c.GetRawText())];

    /// <summary>tests/Pester/Binding.Tests.ps1 holds PowerShell itself against the same table.</summary>
    [Theory]
    [MemberData(nameof(Cases))]
    public void Binding_is_PowerShells(string described)
    {
        JsonElement sample = JsonDocument.Parse(described).RootElement;
        List<string> found = [];
        Sink sink = new() { OnObject = row => found.Add(Line(row)), OnError = e => found.Add("! " + e.FullyQualifiedErrorId.Split(',')[0]) };
        try
        {
            Run(sample.GetProperty("args").GetString()!, sample.TryGetProperty("input", out JsonElement input)
                ? JsonInput.Read(input.EnumerateArray().Select(i => i.GetRawText().ReplaceLineEndings(" "))) : null, sink);
        }
        catch (ParameterBindingException e)
        {
            found.Add("! " + e.ErrorId);
        }

        Assert.Equal(sample.GetProperty("expect").EnumerateArray().Select(e => e.GetString()), found);

        static string Line(object? value)
        {
            using MemoryStream stream = new();
            new JsonLinesWriter(stream).Write(value);
            JsonElement row = JsonDocument.Parse(stream.ToArray()).RootElement;
            JsonElement name = row.GetProperty("Name");
            string names = name.ValueKind == JsonValueKind.Null ? "" : string.Join('|', name.EnumerateArray().Select(n => n.GetString()));
            return $"{row.GetProperty("Set")} name={names} id={row.GetProperty("Id")} bucket={row.GetProperty("Bucket")} size={row.GetProperty("Size")}";
        }
    }

    [Fact]
    public void WhatIf_and_Confirm_are_honoured_and_bound()
    {
        Sink sink = Run("-Bucket b -Mode slow -WhatIf");
        Assert.Empty(sink.Objects);
        Assert.Contains("Look at", Assert.Single(sink.Information), StringComparison.Ordinal);
        Assert.Contains("bucket b", sink.Information[0], StringComparison.Ordinal);

        Sink asked = new() { Answer = ConfirmAnswer.No };
        Run("-Bucket b -Mode slow", null, asked);
        Assert.Empty(asked.Objects);
        Assert.Single(asked.Questions);

        Assert.Contains("Confirm", One("-Bucket b -Mode slow -Confirm:$false").GetProperty("Bound").GetString(), StringComparison.Ordinal);
        Assert.Equal("ConfirmationNeeded", Run("-Bucket b -Mode slow").Terminating!.FullyQualifiedErrorId.Split(',')[0]);
    }

    private static JsonElement One(string args)
    {
        Sink sink = Run(args);
        Assert.Empty(sink.Errors);
        return Assert.Single(Rows(sink));
    }

    private static JsonElement[] Rows(Sink sink)
    {
        using MemoryStream stream = new();
        JsonLinesWriter writer = new(stream);
        foreach (object? row in sink.Objects)
        {
            writer.Write(row);
        }

        return [.. System.Text.Encoding.UTF8.GetString(stream.ToArray()).Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(l => JsonDocument.Parse(l).RootElement)];
    }

    private static Sink Run(string args, IEnumerable<object?>? input = null, Sink? sink = null)
    {
        sink ??= new Sink();
        CommonParameters common = new();
        using CommandRun run = new(CommandModel.Of(typeof(GetSampleCommand)), sink, common);
        CommandLine.Bind([.. args.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(a => a == "''" ? "" : a)], run.Model, run.Binder, common);
        run.Run(input);
        return sink;
    }

    private sealed class Sink : IPipelineSink
    {
        public List<object?> Objects { get; } = [];

        public List<ErrorRecord> Errors { get; } = [];

        public List<string> Information { get; } = [];

        public List<string> Questions { get; } = [];

        public ErrorRecord? Terminating { get; private set; }

        public ConfirmAnswer? Answer { get; init; }

        public Action<object?>? OnObject { get; init; }

        public Action<ErrorRecord>? OnError { get; init; }

        public void Output(object? value)
        {
            Objects.Add(value);
            OnObject?.Invoke(value);
        }

        public void Error(ErrorRecord record, bool terminating)
        {
            if (terminating)
            {
                Terminating = record;
            }
            else
            {
                Errors.Add(record);
                OnError?.Invoke(record);
            }
        }

        public void Warning(string text) => throw new NotSupportedException();

        public void Verbose(string text) => throw new NotSupportedException();

        public void Debug(string text) => throw new NotSupportedException();

        void IPipelineSink.Information(string text) => Information.Add(text);

        public void Progress(ProgressRecord record) => throw new NotSupportedException();

        public ConfirmAnswer? Ask(string question)
        {
            Questions.Add(question);
            return Answer;
        }
    }
}
