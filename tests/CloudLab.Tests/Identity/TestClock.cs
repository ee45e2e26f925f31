namespace CloudLab.Tests.Identity;

/// <summary>The real time, plus what a test has let pass.</summary>
internal sealed class TestClock : TimeProvider
{
    private TimeSpan passed;

    public void Advance(TimeSpan time) => passed += time;

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + passed;
}
