"""What research counts: one fact a question, kept up from what changes, and what is told of each week."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0105"
down_revision = "0081"
branch_labels = None
depends_on = None

# A line for each change that a fact may follow from, written by the change's own transaction; nothing waits for a lock.
DUE = """
    CREATE FUNCTION research_is_due() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_TABLE_NAME = 'questions' THEN
            INSERT INTO research_due (question_id) VALUES (coalesce(NEW.id, OLD.id));
        ELSIF TG_TABLE_NAME = 'suggestions' THEN
            INSERT INTO research_due (question_id) VALUES (coalesce(NEW.question_id, OLD.question_id));
        ELSE
            INSERT INTO research_due (question_id) SELECT id FROM questions WHERE student_id = NEW.child_id;
        END IF;
        RETURN NULL;
    END $$
"""
TRIGGERS = {
    "questions_come_and_go": "AFTER INSERT OR DELETE ON questions FOR EACH ROW",
    "questions_change": """AFTER UPDATE ON questions FOR EACH ROW WHEN (
        OLD.state IS DISTINCT FROM NEW.state AND NEW.state NOT IN ('reading', 'matched', 'offered')
        OR OLD.knowledge_point IS DISTINCT FROM NEW.knowledge_point
        OR OLD.subject <> NEW.subject OR OLD.grade <> NEW.grade OR OLD.received_at <> NEW.received_at
        OR OLD.student_id <> NEW.student_id OR OLD.answered_at IS DISTINCT FROM NEW.answered_at)""",
    "suggestions_change": "AFTER INSERT OR DELETE OR UPDATE OF outcome ON suggestions FOR EACH ROW",
    "consents_change": "AFTER INSERT ON consents FOR EACH ROW WHEN (NEW.purpose = 'research')",
}
COUNTS = ("asked", "askers", "saw", "solved", "stuck", "reopened", "unanswered")


def upgrade() -> None:
    op.create_table(
        "research_due",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("question_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_research_due"),
    )
    op.create_table(
        "research_facts",
        sa.Column("question_id", sa.Uuid(), nullable=False),
        sa.Column("pupil_id", sa.Uuid(), nullable=False),
        sa.Column("week", sa.Date(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("school_id", sa.Uuid()),
        sa.Column("grade", sa.Integer(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("knowledge_point", sa.Text()),
        sa.Column("pushed", sa.Boolean(), nullable=False),
        sa.Column("saw", sa.Boolean(), nullable=False),
        sa.Column("solved", sa.Boolean(), nullable=False),
        sa.Column("stuck", sa.Boolean(), nullable=False),
        sa.Column("reopened", sa.Boolean(), nullable=False),
        sa.Column("unanswered", sa.Boolean(), nullable=False),
        sa.Column("wait", sa.Integer()),
        sa.PrimaryKeyConstraint("question_id", name="pk_research_facts"),
    )
    op.create_index("ix_research_facts_week", "research_facts", ["week", "subject", "knowledge_point"])
    op.create_index("ix_research_facts_day", "research_facts", ["day"])
    op.create_table(
        "research_weeks",
        sa.Column("week", sa.Date(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("week", name="pk_research_weeks"),
    )
    op.create_table(
        "research_units",
        sa.Column("week", sa.Date(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("subject", sa.Text()),
        sa.Column("stage", sa.Text()),
        sa.Column("knowledge_point", sa.Text()),
        sa.Column("grade", sa.Integer()),
        sa.Column("school_id", sa.Uuid()),
        sa.Column("level", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in COUNTS),
        sa.Column("waits", postgresql.ARRAY(sa.Integer()), nullable=False),
        sa.PrimaryKeyConstraint("week", "number", name="pk_research_units"),
        sa.CheckConstraint("askers >= 5", name=op.f("ck_research_units_k")),
        sa.CheckConstraint("level BETWEEN 0 AND 4", name=op.f("ck_research_units_level")),
    )
    op.create_table(
        "research_enrolled",
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("grade", sa.Integer(), nullable=False),
        sa.Column("pupils", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["school_id"], ["schools.id"], name="fk_research_enrolled_school_id_schools"),
        sa.PrimaryKeyConstraint("school_id", "grade", name="pk_research_enrolled"),
    )
    op.create_index("ix_live_sessions_question_id", "live_sessions", ["question_id", "opened_at"])
    op.execute(DUE)
    for name, when in TRIGGERS.items():
        op.execute(f"CREATE TRIGGER {name} {when} EXECUTE FUNCTION research_is_due()")
    op.execute("INSERT INTO research_due (question_id) SELECT id FROM questions")


def downgrade() -> None:
    for name, when in TRIGGERS.items():
        op.execute(f"DROP TRIGGER {name} ON {when.split(' ON ')[1].split()[0]}")
    op.execute("DROP FUNCTION research_is_due()")
    op.drop_index("ix_live_sessions_question_id", "live_sessions")
    for table in ("research_enrolled", "research_units", "research_weeks", "research_facts", "research_due"):
        op.drop_table(table)
